// Records after which devices are out: by another device, by the phrase, by themselves.
import {
  activeDevices,
  bytesToHex,
  compareBytes,
  cutHashOf,
  decodeCut,
  decodeSignedRecord,
  findDevice,
  type KeyringState,
} from '@owlivion/sync-protocol'
import { beforeAll, describe, expect, it } from 'vitest'
import { createLeave, createRekey, createRemove, openNewestEpochKey } from '../../src/account'
import {
  append,
  chainEnd,
  failing,
  newDevice,
  newRecovery,
  platform,
  positions,
  type ThreeDevices,
  threeDevices,
} from './members'

let account: ThreeDevices
let state: KeyringState

beforeAll(async () => {
  account = await threeDevices()
  state = account.state
})

const active = (keyring: KeyringState): string[] => activeDevices(keyring.devices).map(({ id }) => bytesToHex(id))

describe('a removal', () => {
  it('by a device locks another out of the new key, which all others open, and so does the phrase', async () => {
    const { laptop, phone, tablet, recovery } = account
    const removal = await createRemove(platform, state, {
      signer: laptop,
      removed: [phone.id],
      cut: [chainEnd(phone.id)],
    })
    const next = await append(state, removal.record)
    expect(active(next)).toEqual([laptop, tablet].map(({ id }) => bytesToHex(id)))
    for (const member of [laptop, tablet, recovery]) expect(positions(next, member)).toEqual([0, 3])
    expect(positions(next, phone)).toEqual([0])
    expect(() => openNewestEpochKey(next, phone)).toThrow(failing('keyring-invalid'))
    expect(findDevice(next, phone.id)?.cutHash).toEqual(cutHashOf(platform.signing.sha512, removal.cut))
    expect(decodeCut(removal.cut)).toEqual([chainEnd(phone.id)])
  })

  it('takes several out in one record, in whatever order they are named', async () => {
    const { laptop, phone, tablet } = account
    for (const removed of [
      [phone.id, laptop.id],
      [laptop.id, phone.id],
    ]) {
      const { record } = await createRemove(platform, state, { signer: tablet, removed, cut: [] })
      expect(active(await append(state, record))).toEqual([bytesToHex(tablet.id)])
      const { record: decoded } = decodeSignedRecord(record)
      expect(decoded.type === 'remove' && decoded.removed).toEqual([...removed].sort(compareBytes))
    }
  })

  it('is signed by the phrase, too, when no device is left to do it', async () => {
    const { laptop, phone, tablet, recovery } = account
    const { record } = await createRemove(platform, state, {
      signer: recovery,
      removed: [laptop.id, phone.id, tablet.id],
      cut: [],
    })
    const next = await append(state, record)
    expect(active(next)).toEqual([])
    expect(positions(next, recovery)).toEqual([0, 3])
  })

  it('writes no secret into its record', async () => {
    const { laptop, phone } = account
    const { record } = await createRemove(platform, state, { signer: laptop, removed: [phone.id], cut: [] })
    const next = await append(state, record)
    for (const secret of [openNewestEpochKey(next, laptop).epochKey, openNewestEpochKey(state, laptop).epochKey])
      expect(bytesToHex(record)).not.toContain(bytesToHex(secret))
  })

  it.each([
    ['of itself', ({ laptop }: ThreeDevices) => ({ signer: laptop, removed: [laptop.id] }), 'keyring-refused'],
    ['of nobody', ({ laptop }: ThreeDevices) => ({ signer: laptop, removed: [] }), 'keyring-refused'],
    [
      'of one device twice',
      ({ laptop, phone }: ThreeDevices) => ({ signer: laptop, removed: [phone.id, phone.id] }),
      'keyring-refused',
    ],
    ['of a stranger', ({ laptop }: ThreeDevices) => ({ signer: laptop, removed: [newDevice().id] }), 'keyring-refused'],
    ['by a stranger', ({ phone }: ThreeDevices) => ({ signer: newDevice(), removed: [phone.id] }), 'keyring-invalid'],
    [
      'by the phrase of another account',
      ({ phone }: ThreeDevices) => ({ signer: newRecovery(), removed: [phone.id] }),
      'wrong-account',
    ],
  ])('%s is not made', async (_, input, code) => {
    await expect(createRemove(platform, state, { ...input(account), cut: [] })).rejects.toEqual(failing(code))
  })

  it('is not made by a device that is out, nor of one', async () => {
    const { laptop, phone, tablet } = account
    const { record } = await createRemove(platform, state, { signer: laptop, removed: [phone.id], cut: [] })
    const next = await append(state, record)
    await expect(createRemove(platform, next, { signer: phone, removed: [tablet.id], cut: [] })).rejects.toEqual(
      failing('keyring-refused'),
    )
    await expect(createRemove(platform, next, { signer: laptop, removed: [phone.id], cut: [] })).rejects.toEqual(
      failing('keyring-refused'),
    )
  })

  it('names no chain twice in its cut', async () => {
    const { laptop, phone } = account
    const cut = [chainEnd(phone.id), chainEnd(phone.id, 1, 10)]
    await expect(createRemove(platform, state, { signer: laptop, removed: [phone.id], cut })).rejects.toEqual(
      failing('malformed-frame'),
    )
  })
})

describe('a device that leaves', () => {
  it('is out by its own word, makes no key, and leaves one owed to those who stay', async () => {
    const { laptop, phone, tablet, recovery } = account
    const { record, cut } = await createLeave(platform, state, { device: phone, cut: [chainEnd(phone.id)] })
    const left = await append(state, record)
    expect(active(left)).toEqual([laptop, tablet].map(({ id }) => bytesToHex(id)))
    expect(left.owesRekey).toBe(true)
    expect(left.epochs).toEqual(state.epochs)
    expect(findDevice(left, phone.id)?.cutHash).toEqual(cutHashOf(platform.signing.sha512, cut))

    const settled = await append(left, await createRekey(platform, left, { signer: tablet }))
    expect(settled.owesRekey).toBe(false)
    for (const member of [laptop, tablet, recovery]) expect(positions(settled, member)).toEqual([0, 4])
    expect(positions(settled, phone)).toEqual([0])
    await expect(createLeave(platform, settled, { device: phone, cut: [] })).rejects.toEqual(failing('keyring-refused'))
  })

  it('may be the last one: the phrase alone is left', async () => {
    const { laptop, phone, tablet } = account
    const two = await append(
      state,
      (await createRemove(platform, state, { signer: laptop, removed: [phone.id, tablet.id], cut: [] })).record,
    )
    const none = await append(two, (await createLeave(platform, two, { device: laptop, cut: [] })).record)
    expect(active(none)).toEqual([])
    expect(positions(none, account.recovery)).toEqual([0, 3])
  })
})

describe('a new key', () => {
  it('is sealed to everybody who is in, by any of them', async () => {
    const { laptop, phone, tablet, recovery } = account
    for (const signer of [laptop, phone, tablet, recovery]) {
      const next = await append(state, await createRekey(platform, state, { signer }))
      for (const member of [laptop, phone, tablet, recovery]) expect(positions(next, member)).toEqual([0, 3])
    }
  })

  it('is not made by strangers, other phrases, or on an old head', async () => {
    const { laptop, phone } = account
    await expect(createRekey(platform, state, { signer: newDevice() })).rejects.toEqual(failing('keyring-invalid'))
    await expect(createRekey(platform, state, { signer: newRecovery() })).rejects.toEqual(failing('wrong-account'))
    const [one, other] = [
      await createRekey(platform, state, { signer: laptop }),
      await createRekey(platform, state, { signer: phone }),
    ]
    await expect(append(await append(state, one), other)).rejects.toEqual(failing('keyring-conflict'))
  })
})
