// A device that holds an account already and joins another: what it held is in the account that it joins, and nothing of either is lost.
import { describe, expect, it } from 'vitest'
import { createAccount, type JoiningOptions, joinAccount, openAccount, recoverAccount } from '../../src/accounts'
import type { Sync } from '../../src/client'
import type { Collection } from '../../src/collection'
import { MemoryDisk, openMemoryStore, type Store } from '../../src/storage'
import { FakePlatform, settle } from './support/fake-platform'
import { refusal, ScriptedRelay } from './support/scripted-relay'

interface Contact {
  readonly name?: string
  readonly phone?: string
  readonly city?: string
}

const relayUrl = 'wss://relay.example'

class World {
  readonly platform = new FakePlatform(11)
  readonly relay = new ScriptedRelay()
  /** Of the account that is joined. */
  phrase = ''
  readonly disk = new MemoryDisk()
  readonly open = new Set<Sync>()

  constructor() {
    this.relay.serve(this.platform)
  }

  options(deviceName: string, store: Store = openMemoryStore(this.disk)): JoiningOptions {
    return { platform: this.platform, store, relay: relayUrl, deviceName }
  }

  /** An account at the relay, with what `fill` writes. */
  async shared(fill: (contacts: Collection<Contact>) => Promise<unknown> = async () => {}): Promise<Sync> {
    const { sync, recoveryPhrase } = await createAccount(this.options('laptop', openMemoryStore()))
    this.phrase = recoveryPhrase
    await fill(await sync.open<Contact>('contacts'))
    await this.until(() => sync.status.unsent === 0 && sync.status.connection === 'online')
    return this.keep(sync)
  }

  /** An account that only this device has. */
  async local(fill: (contacts: Collection<Contact>) => Promise<unknown>): Promise<Sync> {
    const { sync } = await createAccount({ ...this.options('phone'), online: false })
    await fill(await sync.open<Contact>('contacts'))
    await sync.close()
    return sync
  }

  async merge(join: typeof joinAccount = joinAccount): Promise<Sync> {
    const sync = await this.run(
      join({ ...this.options('phone'), recoveryPhrase: this.phrase, existing: 'merge', online: false }),
    )
    return this.keep(sync)
  }

  async upToDate(...syncs: readonly Sync[]): Promise<void> {
    for (const sync of syncs) {
      sync.goOnline()
      await sync.open('contacts')
    }
    await this.until(() => syncs.every((sync) => sync.status.unsent === 0 && sync.status.documents.contacts?.caughtUp))
    await this.platform.advance(16_000)
    await settle()
  }

  async until(isDone: () => boolean | undefined): Promise<void> {
    for (let turn = 0; turn < 200 && !isDone(); turn++) {
      await settle()
      if (!isDone()) await this.platform.advance(1_000)
    }
    expect(isDone()).toBe(true)
  }

  async run<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const mark = (): void => {
      isSettled = true
    }
    promise.then(mark, mark)
    for (let turn = 0; turn < 50 && !isSettled; turn++) {
      await settle()
      if (!isSettled) await this.platform.advance(1_000)
    }
    return promise
  }

  private keep(sync: Sync): Sync {
    this.open.add(sync)
    return sync
  }
}

const world = () => new World()
const contactsOf = (sync: Sync) => sync.open<Contact>('contacts')
const fieldsOf = (contacts: Collection<Contact>) =>
  Object.fromEntries(contacts.list().map(([id, fields]) => [id, { ...fields }]))

describe('a device that holds an account and joins another', () => {
  it('is refused, unless it is told to merge', async () => {
    const here = world()
    await here.shared()
    await here.local((contacts) => contacts.add('ann', { name: 'Ann' }))
    const joining = joinAccount({ ...here.options('phone'), recoveryPhrase: here.phrase })
    await expect(here.run(joining)).rejects.toMatchObject({ code: 'profile-exists' })
  })

  it('brings the texts of its records along', async () => {
    const here = world()
    const laptop = await here.shared()
    const { sync } = await createAccount({ ...here.options('phone'), online: false })
    const notes = await sync.open('notes', { texts: ['body'] })
    await notes.add('one', {})
    const body = await notes.text('one', 'body')
    body.replaceWithText('typed before')
    await sync.close()
    const phone = await here.merge()
    await phone.open('notes', { texts: ['body'] })
    await here.upToDate(phone, laptop)
    for (const each of [phone, laptop]) {
      const read = await each.open('notes', { texts: ['body'] })
      await here.until(() => read.has('one'))
      expect((await read.text('one', 'body')).toText()).toBe('typed before')
    }
  })

  it('brings its records along, and finds the others there', async () => {
    const here = world()
    const laptop = await here.shared((contacts) => contacts.add('bob', { name: 'Bob' }))
    const before = await here.local((contacts) => contacts.add('ann', { name: 'Ann', city: 'Rome' }))
    const phone = await here.merge()
    expect(phone.accountId).toBe(laptop.accountId)
    expect(phone.accountId).not.toBe(before.accountId)
    expect(fieldsOf(await contactsOf(phone))).toEqual({ ann: { name: 'Ann', city: 'Rome' } })
    await here.upToDate(phone, laptop)
    const both = { ann: { name: 'Ann', city: 'Rome' }, bob: { name: 'Bob' } }
    expect(fieldsOf(await contactsOf(phone))).toEqual(both)
    expect(fieldsOf(await contactsOf(laptop))).toEqual(both)
  })

  it('keeps the fields of both of one record; of two values the later shows and the other stays', async () => {
    const here = world()
    const laptop = await here.shared((contacts) => contacts.add('ann', { name: 'Ann', phone: '1' }))
    await here.platform.advance(5_000)
    await here.local((contacts) => contacts.add('ann', { city: 'Rome', phone: '2' }))
    const phone = await here.merge()
    await here.upToDate(phone, laptop)
    for (const sync of [phone, laptop]) {
      const contacts = await contactsOf(sync)
      expect(contacts.get('ann')).toEqual({ name: 'Ann', phone: '2', city: 'Rome' })
      expect(contacts.conflicts()).toMatchObject([
        { id: 'ann', field: 'phone', candidates: [{ value: '2' }, { value: '1' }] },
      ])
    }
  })

  it('does not let an old value of its own win over a later one of the account', async () => {
    const here = world()
    await here.local((contacts) => contacts.add('ann', { name: 'Anna', phone: '1' }))
    await here.platform.advance(5_000)
    const laptop = await here.shared((contacts) => contacts.add('ann', { name: 'Ann' }))
    const phone = await here.merge()
    await here.upToDate(phone, laptop)
    expect((await contactsOf(laptop)).get('ann')).toEqual({ name: 'Ann', phone: '1' })
    expect((await contactsOf(laptop)).conflicts()).toMatchObject([
      { field: 'name', candidates: [{ value: 'Ann' }, { value: 'Anna' }] },
    ])
  })

  it('keeps the time of each field, not the latest of its record', async () => {
    const here = world()
    await here.local((contacts) => contacts.add('ann', { name: 'Anna', phone: '1' }))
    await here.platform.advance(5_000)
    const laptop = await here.shared((contacts) => contacts.add('ann', { name: 'Ann', phone: '2' }))
    await here.platform.advance(5_000)
    const again = await openAccount({ ...here.options('phone'), online: false })
    await (await contactsOf(again)).update('ann', { phone: '3' })
    await again.close()
    const phone = await here.merge()
    await here.upToDate(phone, laptop)
    expect((await contactsOf(laptop)).get('ann')).toEqual({ name: 'Ann', phone: '3' })
  })

  it('brings sets as their elements and counters as what they stand at', async () => {
    const here = world()
    const laptop = await here.shared(async (contacts) => {
      await contacts.add('ann', { name: 'Ann' })
      await contacts.addToSet('ann', 'labels', 'work', 'both')
      await contacts.increment('ann', 'mails', 3)
    })
    await here.local(async (contacts) => {
      await contacts.add('ann', { name: 'Ann' })
      await contacts.addToSet('ann', 'labels', 'home', 'both', 'gone')
      await contacts.removeFromSet('ann', 'labels', 'gone')
      await contacts.increment('ann', 'mails', 4)
      await contacts.increment('ann', 'mails', -2)
    })
    const phone = await here.merge()
    expect((await contactsOf(phone)).counter('ann', 'mails')).toBe(2)
    await here.upToDate(phone, laptop)
    for (const sync of [phone, laptop]) {
      const contacts = await contactsOf(sync)
      expect(contacts.set('ann', 'labels')).toEqual(['both', 'home', 'work'])
      expect(contacts.counter('ann', 'mails')).toBe(5)
      expect(contacts.conflicts()).toEqual([])
    }
  })

  it('brings no deleted record, and takes nothing away for having deleted it', async () => {
    const here = world()
    const laptop = await here.shared((contacts) => contacts.add('ann', { name: 'Ann' }))
    await here.local(async (contacts) => {
      await contacts.add('ann', { name: 'Anna' })
      await contacts.delete('ann')
      await contacts.add('carl', { name: 'Carl' })
      await contacts.delete('carl')
    })
    const phone = await here.merge()
    await here.upToDate(phone, laptop)
    expect(fieldsOf(await contactsOf(laptop))).toEqual({ ann: { name: 'Ann' } })
    expect((await contactsOf(laptop)).deletedIds()).toEqual([])
  })

  it('brings a conflict as the conflict it was', async () => {
    const here = world()
    // Two devices of an account of their own disagree; the second is the one that then joins the other account.
    const old = await here.shared((contacts) => contacts.add('ann', { name: 'Ann', city: 'Rome' }))
    const second = await here.run(joinAccount({ ...here.options('phone'), recoveryPhrase: here.phrase }))
    await here.upToDate(second, old)
    second.goOffline()
    await (await contactsOf(old)).update('ann', { name: 'Annie' })
    await here.upToDate(old)
    await here.platform.advance(1_000)
    await (await contactsOf(second)).update('ann', { name: 'Anna' })
    await here.upToDate(second, old)
    expect((await contactsOf(second)).conflicts()).toHaveLength(1)
    await second.close()
    await old.close()

    Object.assign(here.relay, { records: [], state: undefined })
    const laptop = await here.shared()
    const phone = await here.merge()
    await here.upToDate(phone, laptop)
    expect((await contactsOf(laptop)).get('ann')).toEqual({ name: 'Anna', city: 'Rome' })
    expect((await contactsOf(laptop)).conflicts()).toMatchObject([
      { field: 'name', candidates: [{ value: 'Anna' }, { value: 'Annie' }] },
    ])
  })

  it('merges when it takes an account back, too', async () => {
    const here = world()
    const laptop = await here.shared()
    await here.local((contacts) => contacts.add('ann', { name: 'Ann' }))
    await laptop.close()
    const phone = await here.merge(recoverAccount)
    await here.upToDate(phone)
    expect(phone.accountId).toBe(laptop.accountId)
    expect(fieldsOf(await contactsOf(phone))).toEqual({ ann: { name: 'Ann' } })
  })

  it('moves the times of a clock that was years off and that nobody had corrected', async () => {
    const here = world()
    const tenYearsMs = 315_360_000_000
    const ahead = { ...here.platform, now: () => here.platform.now() + tenYearsMs }
    const { sync } = await createAccount({ ...here.options('phone'), platform: ahead, online: false })
    await (await contactsOf(sync)).add('ann', { name: 'by a clock that is ahead', city: 'Rome' })
    await sync.close()
    await here.platform.advance(5_000)
    const laptop = await here.shared((contacts) => contacts.add('ann', { name: 'later' }))
    const options = { ...here.options('phone'), platform: ahead, recoveryPhrase: here.phrase, online: false }
    const phone = await here.run(joinAccount({ ...options, existing: 'merge' }))
    await here.upToDate(phone, laptop)
    expect((await contactsOf(laptop)).get('ann')).toEqual({ name: 'later', city: 'Rome' })
  })

  it('writes nothing of the account before the relay has let it in', async () => {
    const here = world()
    await here.shared()
    const before = await here.local((contacts) => contacts.add('ann', { name: 'Ann' }))
    here.relay.instead = (frame, end) => {
      if (frame.type !== 'keyring-append') return false
      end.say(refusal('keyring-append', 'keyring-refused'))
      return true
    }
    await expect(here.merge()).rejects.toMatchObject({ code: 'keyring-refused' })
    const again = await openAccount({ ...here.options('phone'), online: false })
    expect(again.accountId).toBe(before.accountId)
    expect(fieldsOf(await contactsOf(again))).toEqual({ ann: { name: 'Ann' } })
    await again.close()
  })

  it('leaves nothing of the old account in the store, and everything pending in the new one', async () => {
    const here = world()
    await here.shared()
    await here.local((contacts) => contacts.add('ann', { name: 'Ann' }))
    const oldKeys = new Set((await openMemoryStore(here.disk).list([])).map(([key]) => JSON.stringify(key)))
    const phone = await here.merge()
    await phone.close()
    const rows = (await openMemoryStore(here.disk).list([])).map(([key]) => JSON.stringify(key))
    const documents = rows.filter((row) => /^\["(document|pending|name|log)/.test(row))
    expect(documents.filter((row) => oldKeys.has(row))).toEqual([])
    expect(documents).toHaveLength(3)
    const again = await openAccount({ ...here.options('phone'), online: false })
    expect(again.status.unsent).toBeGreaterThan(0)
    await again.close()
  })

  it('is one commit: a crash before it leaves the old account, a crash after it the new one', async () => {
    const here = world()
    const laptop = await here.shared()
    const before = await here.local((contacts) => contacts.add('ann', { name: 'Ann' }))
    const inner = openMemoryStore(here.disk)
    let commits = 0
    const seen = new Set<string>()
    const store: Store = {
      ...inner,
      commit: async (batch, options) => {
        await inner.commit(batch, options)
        commits++
        const crashed = await openAccount({
          platform: new FakePlatform(3),
          store: openMemoryStore(here.disk.copy()),
          online: false,
        })
        seen.add(crashed.accountId)
        expect(fieldsOf(await contactsOf(crashed))).toEqual({ ann: { name: 'Ann' } })
        await crashed.close()
      },
    }
    const phone = await here.run(
      joinAccount({ ...here.options('phone', store), recoveryPhrase: here.phrase, existing: 'merge', online: false }),
    )
    await phone.close()
    expect(commits).toBeGreaterThanOrEqual(2)
    expect([...seen]).toEqual([before.accountId, laptop.accountId])
  })

  it('is refused while the account in the store is open', async () => {
    const here = world()
    await here.shared()
    await here.local((contacts) => contacts.add('ann', { name: 'Ann' }))
    const open = await openAccount({ ...here.options('phone'), online: false })
    await expect(here.merge()).rejects.toMatchObject({ code: 'profile-in-use' })
    await open.close()
    await here.merge()
  })

  it('has a record that is larger than an entry in the other account, too', async () => {
    const here = world()
    const laptop = await here.shared()
    const letter = (i: number) => String.fromCharCode(97 + i).repeat(60_000)
    await here.local(async (contacts) => {
      await contacts.add('ann', { name: letter(0) })
      await contacts.update('ann', { phone: letter(1) })
      await contacts.update('ann', { city: letter(2) })
    })
    const phone = await here.merge()
    await here.upToDate(phone, laptop)
    expect((await contactsOf(laptop)).get('ann')).toEqual({ name: letter(0), phone: letter(1), city: letter(2) })
  })

  it('merges 10,000 contacts', async () => {
    const here = world()
    const laptop = await here.shared()
    const ids = Array.from({ length: 10_000 }, (_, i) => `contact-${i}`)
    await here.local((contacts) => contacts.addAll(ids.map((id) => [id, { name: `Name of ${id}`, phone: id }])))
    const phone = await here.merge()
    expect((await contactsOf(phone)).size).toBe(10_000)
    await here.upToDate(phone, laptop)
    const contacts = await contactsOf(laptop)
    expect(contacts.size).toBe(10_000)
    expect(contacts.get('contact-9999')).toEqual({ name: 'Name of contact-9999', phone: 'contact-9999' })
    expect(contacts.conflicts()).toEqual([])
  })
})
