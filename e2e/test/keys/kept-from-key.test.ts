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

/** The device gives the account a key that nobody but itself was handed. */
async function keepKey(device: WorldDevice): Promise<void> {
  const { engine } = device.sync as unknown as { engine: Insides }
  const { platform, membership } = engine
  const { keys } = engine.profile
  const state = engine.keyring()
  const record = decodeSignedRecord(await createRekey(platform, state, { signer: keys })).record as RekeyRecord
  const sealed = record.epoch.sealed.map(({ member, box }) => ({
    member,
    box: bytesEqual(member, keys.id) ? box : box.map((byte) => byte ^ 1),
  }))
  const unsigned = encodeUnsignedRecord({ ...record, epoch: { ...record.epoch, sealed } })
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
