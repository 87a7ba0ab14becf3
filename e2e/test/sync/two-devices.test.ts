import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAccount, joinAccount, openMemoryStore } from '@owlivion/sync'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { collectErrors, type PipeRelay, startPipeRelay } from '../../support/world'

type Contact = { name: string; phone?: string }

describe('two devices of one account', () => {
  let folder: string
  let world: PipeRelay
  const relay = 'ws://127.0.0.1:1'

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'owlivion-'))
    world = startPipeRelay(folder)
  })
  afterEach(async () => {
    await world.close()
    rmSync(folder, { recursive: true })
  })

  async function pair() {
    const common = { platform: world.platform, relay }
    const { sync: a, recoveryPhrase } = await createAccount({
      ...common,
      store: openMemoryStore(),
      deviceName: 'laptop',
    })
    await a.open<Contact>('contacts')
    await a.whenCaughtUp()
    const b = await joinAccount({ ...common, store: openMemoryStore(), deviceName: 'phone', recoveryPhrase })
    const errors = [...collectErrors(a), ...collectErrors(b)]
    return { a, b, errors, contactsA: await a.open<Contact>('contacts'), contactsB: await b.open<Contact>('contacts') }
  }

  it('an edit on one shows on the other, and is stored and then seen', async () => {
    const { a, b, errors, contactsA, contactsB } = await pair()
    await contactsA.add('ann@example.com', { name: 'Ann' })
    await a.flush()
    await new Promise<void>((resolve) => {
      if (contactsB.has('ann@example.com')) resolve()
      contactsB.subscribe(() => contactsB.has('ann@example.com') && resolve())
    })
    expect(contactsB.get('ann@example.com')).toEqual({ name: 'Ann' })
    await new Promise<void>((resolve) => {
      a.subscribe(() => a.status.state === 'seen' && resolve())
    })
    expect(a.status.isGreen).toBe(true)
    expect(a.devices().map((device) => device.name)).toEqual(['laptop', 'phone'])
    expect(errors).toEqual([])
    await a.close()
    await b.close()
  })
})
