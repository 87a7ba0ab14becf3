// What was purged does not come back by undo, whatever the person does then.
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type Collection, createAccount, createUndo, openMemoryStore, type Undo } from '../../src'
import { type Device, HistoryWorld } from '../history/support'
import { FakePlatform } from '../sync/support/fake-platform'

type Contact = { name?: string; phone?: string }

let contacts: Collection<Contact>
let undo: Undo

beforeEach(async () => {
  const platform = new FakePlatform(6)
  const options = { platform, store: openMemoryStore(), relay: 'wss://relay.example', deviceName: 'x', online: false }
  const { sync } = await createAccount(options)
  onTestFinished(() => sync.close())
  contacts = await sync.open<Contact>('contacts')
  undo = createUndo([contacts], { captureMs: 0 })
})

/** Everything that can be undone, and then everything that can be redone. */
async function everything(seen: (undone: Undo) => void): Promise<void> {
  while (undo.canUndo) {
    await undo.undo()
    seen(undo)
  }
  while (undo.canRedo) {
    await undo.redo()
    seen(undo)
  }
}

describe('what was purged', () => {
  it('is not brought back by undoing what was done before', async () => {
    await contacts.add('ann', { name: 'Ann' })
    await contacts.update('ann', { name: 'Anna' })
    await contacts.delete('ann')
    await contacts.purge('ann')
    expect((await undo.undo())?.skipped).toEqual([{ collection: 'contacts', id: 'ann', reason: 'deleted-since' }])
    await everything(() => expect(contacts.has('ann')).toBe(false))
  })

  it('is not brought back by redoing it', async () => {
    await contacts.add('ann', { name: 'Ann' })
    await undo.undo()
    await contacts.purge('ann')
    await everything(() => expect(contacts.has('ann')).toBe(false))
  })

  it('stays gone also when another record is made under its id, and that is undone and redone', async () => {
    await contacts.add('ann', { name: 'Ann' })
    await contacts.update('ann', { phone: '1' })
    await contacts.delete('ann')
    await contacts.purge('ann')
    await contacts.add('ann', { name: 'Another' })
    const shown: unknown[] = []
    await everything(() => shown.push({ ...contacts.get('ann') }))
    expect(shown).toEqual([{}, {}, {}, {}, { name: 'Another' }])
  })

  it('stays gone where it was deleted, purged and made anew within one step', async () => {
    await contacts.add('ann', { name: 'Ann' })
    undo.clear()
    await contacts.asOneStep('Renew', async (step) => {
      await step.delete('ann')
      await contacts.purge('ann')
      await step.add('ann', { phone: '2' })
    })
    await undo.undo()
    expect(contacts.has('ann')).toBe(false)
    await undo.redo()
    expect(contacts.get('ann')).toEqual({ phone: '2' })
  })

  it('stays gone where another device purged it', async () => {
    const world = await HistoryWorld.create(['laptop', 'phone'])
    onTestFinished(() => world.close())
    const [laptop, phone] = world.devices as [Device, Device]
    undo = createUndo([laptop.contacts], { captureMs: 0 })
    await laptop.contacts.add('ann', { name: 'Ann' })
    await laptop.contacts.delete('ann')
    await world.upToDate()
    await world.platform.advance(5_000)
    await world.upToDate()
    await phone.contacts.purge('ann')
    await world.upToDate()
    await laptop.contacts.add('ann', { phone: '2' })
    await undo.undo()
    await everything(() => expect(laptop.contacts.get('ann')?.name).toBeUndefined())
  })
})
