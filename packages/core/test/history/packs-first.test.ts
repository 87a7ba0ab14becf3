// How long a summary waits for the history of what it covers.
import { expect, it } from 'vitest'
import type { DocumentHost } from '../../src/sync/document/document-part'
import { PacksFirst } from '../../src/sync/history/packs-first'
import { FakePlatform, settle } from '../sync/support/fake-platform'

/** A device that owes packs which no relay takes, until `bring` is answered. */
function owing() {
  const platform = new FakePlatform(1)
  const asked: (() => void)[] = []
  let owes = true
  let looks = 0
  const history = {
    keeps: async () => false,
    owed: () => {},
    isOwing: async () => owes,
    bring: () => new Promise<void>((resolve) => asked.push(resolve)),
  }
  const host = {
    context: { platform, history },
    state: { context: { history } },
    link: {},
    isClosed: false,
    runJob: (job: () => unknown) => void job(),
  } as unknown as DocumentHost
  const packs = new PacksFirst(host, async () => {
    looks++
  })
  const bring = async (): Promise<void> => {
    owes = false
    asked.at(-1)?.()
    await settle()
  }
  return { platform, packs, asked, bring, looks: () => looks }
}

it('a summary waits for them a minute, asks for them once meanwhile, and is then made without them', async () => {
  const { platform, packs, asked, looks } = owing()
  expect(await packs.areBrought()).toBe(false)
  await platform.advance(59_999)
  expect([await packs.areBrought(), packs.isWaiting, looks(), asked.length]).toEqual([false, true, 0, 1])
  await platform.advance(1)
  expect([packs.isWaiting, looks()]).toEqual([false, 1])
  expect(await packs.areBrought()).toBe(true)
  // The next summary waits again.
  expect([await packs.areBrought(), packs.isWaiting, asked.length]).toEqual([false, true, 2])
})

it('is made at once when they are at the relay, and then not looked at again when the minute is over', async () => {
  const { platform, packs, bring, looks } = owing()
  expect(await packs.areBrought()).toBe(false)
  await bring()
  expect([packs.isWaiting, looks(), await packs.areBrought()]).toEqual([false, 1, true])
  await platform.advance(60_000)
  expect(looks()).toBe(1)
})

it('waits for nothing over a connection that is gone: the next one has the whole minute', async () => {
  const { platform, packs, bring, looks } = owing()
  expect(await packs.areBrought()).toBe(false)
  await platform.advance(50_000)
  packs.disconnected()
  await platform.advance(10_000)
  await bring()
  expect([packs.isWaiting, looks()]).toEqual([false, 0])
})
