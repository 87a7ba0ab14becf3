// What the two ends do when nobody answers: time limits, a relay that is away, and nothing left behind.
import type { Frame } from '@owlivion/sync-protocol'
import { MAILBOX_MS } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { createAccount } from '../../src/accounts'
import type { Sync } from '../../src/client'
import { isSyncError } from '../../src/errors'
import { acceptPairing, type PairingOffer, startPairing } from '../../src/pairing'
import { openMemoryStore, type Store } from '../../src/storage'
import { FakePlatform, settle } from '../sync/support/fake-platform'
import { type RelayEnd, ScriptedRelay } from '../sync/support/scripted-relay'

const relayUrl = 'wss://relay.example'

let platform: FakePlatform
let relay: ScriptedRelay
let store: Store
let offers: PairingOffer[]
/** Frames at the mailbox, and who sent them. */
let heard: (readonly [Frame, RelayEnd])[]

beforeEach(() => {
  platform = new FakePlatform(21)
  relay = new ScriptedRelay()
  relay.serve(platform)
  store = openMemoryStore()
  offers = []
  heard = []
  // A mailbox that takes everything and gives nothing.
  relay.instead = (frame, end) => {
    if (frame.type !== 'mailbox-open' && frame.type !== 'mailbox-put' && frame.type !== 'ping') return false
    heard.push([frame, end])
    return true
  }
})

async function offer(): Promise<PairingOffer> {
  const made = await startPairing({ platform, store, relay: relayUrl, deviceName: 'phone' })
  offers.push(made)
  await settle()
  return made
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error) => (isSyncError(error) ? error.code : String(error)),
  )
}

async function account(): Promise<Sync> {
  const { sync } = await createAccount({ platform, store: openMemoryStore(), relay: relayUrl, deviceName: 'laptop' })
  for (let turn = 0; turn < 10 && sync.status.connection !== 'online'; turn++) {
    await settle()
    await platform.advance(100)
  }
  return sync
}

describe('a device that shows a code', () => {
  it('waits at both mailboxes, and keeps the way to them open', async () => {
    await offer()
    expect(heard.map(([{ type }]) => type).sort()).toEqual([
      'mailbox-open',
      'mailbox-open',
      'mailbox-put',
      'mailbox-put',
    ])
    await platform.advance(26_000)
    expect(heard.filter(([{ type }]) => type === 'ping')).toHaveLength(2)
  })

  it('gives up when its time is over, whatever the relay says', async () => {
    const { result } = await offer()
    const code = codeOf(result)
    await platform.advance(MAILBOX_MS)
    expect(await code).toBe('pairing-expired')
    expect(platform.timers).toEqual([])
    expect(platform.locks).toBe(0)
    expect(await store.get(['profile'])).toBeUndefined()
  })

  it('says so when the relay cannot be reached', async () => {
    relay.isReachable = false
    const { result } = await offer()
    expect(await codeOf(result)).toBe('relay-unreachable')
    expect(platform.timers).toEqual([])
  })

  it('gives up one code when the other has been used', async () => {
    const made = await offer()
    const [, end] = heard.find(([{ type }]) => type === 'mailbox-open') as readonly [Frame, RelayEnd]
    end.say({ type: 'mailbox-met' })
    await settle()
    expect(made.state).toBe('met')
    expect(platform.sockets.filter(({ isClosed }) => !isClosed)).toHaveLength(1)
  })

  it('gives up one code when something comes by the other, also when the relay has not said that anybody is there', async () => {
    const made = await offer()
    const states: string[] = []
    made.subscribe(() => states.push(`${made.state} with ${openSockets()}`))
    const openSockets = () => platform.sockets.filter(({ isClosed }) => !isClosed).length
    const [, end] = heard.find(([{ type }]) => type === 'mailbox-open') as readonly [Frame, RelayEnd]
    end.say({ type: 'mailbox-message', bytes: Uint8Array.of(1) })
    await settle()
    expect(states[0]).toBe('met with 1')
  })

  it('that is cancelled leaves nothing behind at once', async () => {
    const made = await offer()
    made.cancel()
    expect(await codeOf(made.result)).toBe('pairing-refused')
    expect(platform.timers).toEqual([])
    expect(await store.list([])).toEqual([])
  })

  it('asks again with the keys that it had asked with, since somebody may have added them', async () => {
    const first = await offer()
    await platform.advance(MAILBOX_MS)
    await codeOf(first.result)
    const [[, kept] = []] = await store.list(['joining'])
    await offer()
    const [[, reused] = []] = await store.list(['joining'])
    expect(reused).toEqual(kept)
  })
})

describe('a device that is given a code', () => {
  it('says after a moment that nobody waits there', async () => {
    const sync = await account()
    const accepting = codeOf(acceptPairing(sync, '2222-2222'))
    await settle()
    await platform.advance(15_000)
    expect(await accepting).toBe('pairing-not-found')
    await sync.close()
    expect(platform.timers).toEqual([])
  })

  it('is online, or says so', async () => {
    const sync = await account()
    sync.goOffline()
    expect(await codeOf(acceptPairing(sync, '2222-2222'))).toBe('relay-unreachable')
    await sync.close()
  })
})
