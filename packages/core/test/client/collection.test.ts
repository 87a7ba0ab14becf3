import type { StandardSchemaV1 } from '@standard-schema/spec'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAccount, openAccount, openMemoryStore, type Sync } from '../../src'
import { nodePlatform } from '../../src/platform/node'
import { MemoryDisk } from '../../src/storage'

type Contact = { name: string; age?: number; more?: { readonly [name: string]: string } }

/** Wants a name, and an age above 0 where there is one; lets everything else pass. */
const schema: StandardSchemaV1<unknown, Contact> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate(value) {
      const { name, age } = value as Contact
      if (typeof name !== 'string') return { issues: [{ message: 'a name is needed', path: ['name'] }] }
      if (age !== undefined && age <= 0) return { issues: [{ message: 'an age is above 0', path: [{ key: 'age' }] }] }
      return { value: value as Contact }
    },
  },
}

describe('a collection', () => {
  const disk = new MemoryDisk()
  const offline = { platform: nodePlatform(), online: false }
  let sync: Sync

  beforeEach(async () => {
    const options = { ...offline, relay: 'ws://127.0.0.1:1', deviceName: 'laptop' }
    sync = (await createAccount({ ...options, store: openMemoryStore(new MemoryDisk()) })).sync
  })
  afterEach(() => sync.close())

  it('refuses by rejecting, never by throwing at the call', async () => {
    const contacts = await sync.open<Contact>('contacts', { schema })
    const secret = { name: 'Ann', more: { smtpPassword: 'x' } }
    for (const refused of [
      contacts.add('ann', secret),
      contacts.addAll([['ann', secret]]),
      contacts.update('ann', { more: { token: 'x' } }),
    ]) {
      await expect(refused).rejects.toMatchObject({ code: 'secret-field' })
    }
    await expect(contacts.add('ann', {} as Contact)).rejects.toMatchObject({
      code: 'invalid-record',
      message: 'A record of contacts is not valid at name: a name is needed.',
    })
    expect(contacts.size).toBe(0)
    expect(sync.status.unsent).toBe(0)
  })

  it('checks a change against the schema as part of its record, and only what is changed', async () => {
    const contacts = await sync.open<Contact>('contacts', { schema })
    await contacts.add('ann', { name: 'Ann', age: 3 })
    await expect(contacts.update('ann', { age: 0 })).rejects.toMatchObject({ code: 'invalid-record' })
    await contacts.update('ann', { age: undefined })
    expect(contacts.get('ann')).toEqual({ name: 'Ann' })
    await expect(contacts.update('nobody', { age: 1 })).rejects.toMatchObject({ code: 'record-missing' })
  })

  it('refuses a value that holds itself, whatever its depth', async () => {
    const contacts = await sync.open<{ value: never }>('contacts')
    const circle: { inner?: unknown } = {}
    circle.inner = circle
    await expect(contacts.add('ann', { value: circle as never })).rejects.toMatchObject({ code: 'invalid-value' })
  })

  it('is in the status by the time a listener hears of it, with what was not sent', async () => {
    await sync.close()
    const options = { ...offline, relay: 'ws://127.0.0.1:1', deviceName: 'laptop' }
    const first = (await createAccount({ ...options, store: openMemoryStore(disk) })).sync
    const contacts = await first.open<Contact>('contacts')
    await contacts.add('ann', { name: 'Ann' })
    await first.close()
    sync = await openAccount({ ...offline, store: openMemoryStore(disk) })
    const heard: number[] = []
    sync.subscribe(() => heard.push(sync.status.unsent))
    await sync.open<Contact>('contacts')
    expect(heard.at(-1)).toBe(1)
  })
})
