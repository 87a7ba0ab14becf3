// Whoever makes a key seals it to every member, and only a member can see that what it was handed is no key. A thief does so to keep the
// others from ever getting in again; they go on without that key, make another, and put him out.
import {
  bytesEqual,
  decodeSignedRecord,
  encodeSignedRecord,
  encodeUnsignedRecord,
  type KeyringState,
  type RekeyRecord,
  recordSigningBytes,
} from '@owlivion/sync-protocol'
import { expect, it } from 'vitest'
import { createRekey, type DeviceKeys } from '../../../packages/core/src/account'
import type { Platform } from '../../../packages/core/src/platform'
import { KeyWorld, type WorldDevice } from '../../support/key-world'

interface Insides {
  readonly platform: Platform
  readonly profile: { readonly keys: DeviceKeys }
  readonly membership: { readonly requests: { ask(frame: object, answer: string): Promise<unknown> } }
  keyring(): KeyringState
}

/** The device gives the account a key that nobody but itself was handed, or one that does not open what was before. */
async function keepKey(device: WorldDevice, what: 'the key' | 'what it wraps' = 'the key'): Promise<void> {
  const { engine } = device.sync as unknown as { engine: Insides }
  const { platform, membership } = engine
  const { keys } = engine.profile
  const state = engine.keyring()
  const record = decodeSignedRecord(await createRekey(platform, state, { signer: keys })).record as RekeyRecord
  const sealed = record.epoch.sealed.map(({ member, box }) => ({
    member,
    box: what === 'what it wraps' || bytesEqual(member, keys.id) ? box : box.map((byte) => byte ^ 1),
  }))
  const { wrappedPrevious } = record.epoch
  const wrapped = what === 'the key' ? wrappedPrevious : wrappedPrevious?.map((byte) => byte ^ 1)
  const epoch = { ...record.epoch, sealed, ...(wrapped && { wrappedPrevious: wrapped }) }
  const unsigned = encodeUnsignedRecord({ ...record, epoch })
  const signature = await platform.signing.sign(keys.signingSeed, recordSigningBytes(state.account, unsigned))
  const frame = { type: 'keyring-append', record: encodeSignedRecord(unsigned, signature), isRestored: false }
  await membership.requests.ask(frame, 'keyring-changed')
}

async function scene() {
  const world = new KeyWorld()
  const laptop = await world.create('laptop')
  const phone = await world.join('phone', laptop.phrase)
  await phone.notes.add('1', { text: 'before' })
  await world.until(() => phone.sync.status.isGreen && laptop.texts.length === 1)
  return { world, laptop, phone }
}

it('a device that keeps a new key from the others is put out by them, and they lose nothing, nor does who joins later', async () => {
  const { world, laptop, phone } = await scene()
  expect(await world.codeOf(keepKey(phone))).toBe('done')
  await laptop.notes.add('2', { text: 'meanwhile' })
  await world.until(() => laptop.sync.status.isGreen)
  expect(laptop.problems).toEqual(['keyring-invalid'])
  expect(await world.codeOf(laptop.sync.removeDevices([laptop.idOf('phone')]))).toBe('done')
  await laptop.notes.add('3', { text: 'after' })
  await laptop.reopen()
  const tablet = await world.join('tablet', laptop.phrase)
  await world.until(() => tablet.texts.length === 3 && laptop.sync.status.isGreen)
  expect([...tablet.texts].sort()).toEqual(['after', 'before', 'meanwhile'])
  expect(phone.texts).not.toContain('after')
})

it('and by the phrase, where no other device is left', async () => {
  const { world, laptop, phone } = await scene()
  await laptop.close()
  expect(await world.codeOf(keepKey(phone))).toBe('done')
  const fresh = await world.recover('fresh', laptop.phrase)
  await world.until(() => fresh.texts.length === 1)
  expect(fresh.activeNames).toEqual(['fresh'])
  await world.until(() => phone.sync.status.connection === 'removed')
})

it('a key that does not open those before is replaced at once, and whoever joins later reads everything', async () => {
  const { world, laptop, phone } = await scene()
  expect(await world.codeOf(keepKey(phone, 'what it wraps'))).toBe('done')
  await laptop.notes.add('2', { text: 'after' })
  await world.until(() => laptop.sync.status.isGreen)
  expect(laptop.problems).toEqual(['keyring-invalid'])
  const tablet = await world.join('tablet', laptop.phrase)
  await world.until(() => tablet.texts.length === 2)
  const fresh = await world.recover('fresh', laptop.phrase)
  await world.until(() => fresh.texts.length === 2)
  expect([...fresh.texts].sort()).toEqual(['after', 'before'])
})
