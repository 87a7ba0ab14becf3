// Three devices of one account on one clock, and a relay that a test can leave.
import { expect } from 'vitest'
import { createAccount, joinAccount } from '../../src/accounts'
import type { Sync } from '../../src/client'
import type { Collection } from '../../src/collection'
import { openMemoryStore } from '../../src/storage'
import { FakePlatform, settle } from '../sync/support/fake-platform'
import { ScriptedRelay } from '../sync/support/scripted-relay'

export type Contact = { name?: string; phone?: string }

export interface Device {
  readonly sync: Sync
  readonly contacts: Collection<Contact>
}

export class HistoryWorld {
  readonly platform = new FakePlatform(23)
  private readonly relay = new ScriptedRelay()
  private phrase = ''
  readonly devices: Device[] = []

  static async create(names: readonly string[]): Promise<HistoryWorld> {
    const world = new HistoryWorld()
    world.relay.serve(world.platform)
    for (const name of names) await world.join(name)
    return world
  }

  async join(deviceName: string): Promise<Device> {
    const options = {
      ...{ platform: this.platform, store: openMemoryStore(), relay: 'wss://relay.example', deviceName },
    }
    const isFirst = this.devices.length === 0
    const creating = isFirst ? createAccount(options) : joinAccount({ ...options, recoveryPhrase: this.phrase })
    const made = await this.run<Sync | { readonly sync: Sync; readonly recoveryPhrase: string }>(creating)
    if ('recoveryPhrase' in made) this.phrase = made.recoveryPhrase as string
    const sync = 'recoveryPhrase' in made ? (made as { readonly sync: Sync }).sync : (made as Sync)
    const device = { sync, contacts: await sync.open<Contact>('contacts') }
    this.devices.push(device)
    await this.upToDate()
    return device
  }

  /** Everybody has what everybody wrote. */
  async upToDate(): Promise<void> {
    for (const { sync } of this.devices) sync.goOnline()
    const isDone = (): boolean =>
      this.devices.every(({ sync }) => sync.status.unsent === 0 && sync.status.documents.contacts?.caughtUp)
    for (let turn = 0; turn < 200 && !isDone(); turn++) {
      await settle()
      if (!isDone()) await this.platform.advance(1_000)
    }
    expect(isDone()).toBe(true)
    await settle()
    await this.platform.advance(100)
    await settle()
  }

  async run<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const mark = (): void => {
      isSettled = true
    }
    promise.then(mark, mark)
    for (let turn = 0; turn < 200 && !isSettled; turn++) {
      await settle()
      if (!isSettled) await this.platform.advance(100)
    }
    return promise
  }

  async close(): Promise<void> {
    await Promise.all(this.devices.map(({ sync }) => sync.close()))
  }
}

export type State = Readonly<Record<string, unknown>>

export function stateOf(contacts: Collection<Contact>): State {
  return Object.fromEntries(
    contacts.list().map(([id, fields]) => [id, { ...fields, tags: [...contacts.set(id, 'tags')] }]),
  )
}
