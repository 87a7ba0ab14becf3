// This engine as an app uses it: sealed, signed and durable.
import { type Collection, createAccount, joinAccount, openMemoryStore, type Sync } from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'
import type { BenchContact } from '../contacts'
import type { ClientModule, Device } from './engine'

const common = (relay: string) => ({ platform: nodePlatform(), store: openMemoryStore(), relay })

export const create: ClientModule['create'] = async (url) => {
  const { sync, recoveryPhrase } = await createAccount({ ...common(url), deviceName: 'writer' })
  return { device: deviceOf(sync, await sync.open<BenchContact>('contacts')), invitation: recoveryPhrase }
}

export const join: ClientModule['join'] = async (url, recoveryPhrase) => {
  const sync = await joinAccount({ ...common(url), deviceName: 'reader', recoveryPhrase })
  return deviceOf(sync, await sync.open<BenchContact>('contacts'))
}

function deviceOf(sync: Sync, contacts: Collection<BenchContact>): Device {
  // A write that is refused ends the run: nothing here may be refused.
  return {
    add: (id, contact) => void contacts.add(id, contact),
    set: (id, field, value) => void contacts.update(id, { [field]: value }),
    get: (id) => contacts.get(id),
    count: () => contacts.size,
    onChange: (listener) => void contacts.subscribe(listener),
    acknowledged: () => sync.flush(),
    disconnect: () => sync.goOffline(),
    connect: () => sync.goOnline(),
    close: () => sync.close(),
  }
}
