// Another recovery phrase: by the old one at once, or asked for by a device and granted by another.
import { type KeyringState, REISSUE_WAIT_MS } from '@owlivion/sync-protocol'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  createAdd,
  createLeave,
  createReissue,
  createRekey,
  createRequest,
  createVeto,
  openEpochKeys,
  proveRecovery,
  type RecoveryKeys,
} from '../../src/account'
import {
  append,
  failing,
  info,
  newDevice,
  newRecovery,
  platform,
  positions,
  type ThreeDevices,
  threeDevices,
} from './members'

let account: ThreeDevices
let state: KeyringState
let next: RecoveryKeys
/** The phone asked for `next`. */
let asked: KeyringState

const proven = (keys: RecoveryKeys) => proveRecovery(platform.signing, account.state.account, keys)

beforeAll(async () => {
  account = await threeDevices()
  state = account.state
  next = newRecovery()
  asked = await append(state, await createRequest(platform, state, { device: account.phone, next: await proven(next) }))
})

describe('a new phrase by the old one', () => {
  it('counts at once, opens everything, and leaves the old one nothing that comes after', async () => {
    const { recovery, laptop } = account
    const reissued = await append(state, await createReissue(platform, state, { signer: recovery, next }))
    expect(reissued.account).toEqual(state.account)
    expect(reissued.recovery.signing).toEqual(next.signing)
    for (const member of [next, laptop]) expect(positions(reissued, member)).toEqual([0, 3])
    expect(() => openEpochKeys(reissued, recovery)).toThrow(failing('keyring-invalid'))
    // What it could read before, it can read from before.
    expect(positions(state, recovery)).toEqual([0])
    const device = newDevice()
    await expect(createAdd(platform, reissued, { signer: recovery, device, info })).rejects.toEqual(
      failing('wrong-account'),
    )
    await append(reissued, await createAdd(platform, reissued, { signer: next, device, info }))
  })

  it('needs no request, and closes an open one', async () => {
    const other = newRecovery()
    const { recovery } = account
    const reissued = await append(asked, await createReissue(platform, asked, { signer: recovery, next: other }))
    expect(reissued.reissueRequest).toBeUndefined()
    expect(reissued.recovery.signing).toEqual(other.signing)
  })

  it('is another one than the old one', async () => {
    const { recovery } = account
    await expect(createReissue(platform, state, { signer: recovery, next: recovery })).rejects.toEqual(
      failing('keyring-refused'),
    )
    await expect(createReissue(platform, state, { signer: newRecovery(), next })).rejects.toEqual(
      failing('wrong-account'),
    )
  })
})

describe('a new phrase that a device asks for', () => {
  it('is shown to everybody, and changes nothing yet', () => {
    expect(asked.reissueRequest).toMatchObject({ position: 3, signer: account.phone.id })
    expect(asked.recovery).toEqual(state.recovery)
    expect(REISSUE_WAIT_MS).toBe(7 * 24 * 60 * 60 * 1000)
  })

  it('is granted by another device, or by the one that asked; that it waits is for its reader to judge', async () => {
    const { laptop, phone, recovery } = account
    for (const signer of [laptop, phone]) {
      const granted = await append(asked, await createReissue(platform, asked, { signer }))
      expect(granted.recovery.signing).toEqual(next.signing)
      expect(granted.reissueRequest).toBeUndefined()
      expect(positions(granted, next)).toEqual([0, 4])
      expect(() => openEpochKeys(granted, recovery)).toThrow(failing('keyring-invalid'))
    }
  })

  it('is withdrawn by any device and by the old phrase, and can be asked for again', async () => {
    const { laptop, phone, recovery } = account
    for (const signer of [laptop, phone, recovery]) {
      const vetoed = await append(asked, await createVeto(platform, asked, { signer }))
      expect(vetoed.reissueRequest).toBeUndefined()
      await expect(createReissue(platform, vetoed, { signer: laptop })).rejects.toEqual(failing('keyring-refused'))
      await expect(createVeto(platform, vetoed, { signer: laptop })).rejects.toEqual(failing('keyring-refused'))
      await append(vetoed, await createRequest(platform, vetoed, { device: phone, next: await proven(next) }))
    }
    await expect(createVeto(platform, asked, { signer: newRecovery() })).rejects.toEqual(failing('wrong-account'))
  })

  it('is asked for once at a time, and goes with the device that asked', async () => {
    const { laptop, phone } = account
    await expect(createRequest(platform, asked, { device: laptop, next: await proven(newRecovery()) })).rejects.toEqual(
      failing('keyring-refused'),
    )
    const left = await append(asked, (await createLeave(platform, asked, { device: phone, cut: [] })).record)
    expect(left.reissueRequest).toBeUndefined()
  })

  it('outlives what has nothing to do with it', async () => {
    const { laptop } = account
    const rekeyed = await append(asked, await createRekey(platform, asked, { signer: laptop }))
    expect(rekeyed.reissueRequest?.position).toBe(3)
    const granted = await append(rekeyed, await createReissue(platform, rekeyed, { signer: laptop }))
    expect([...openEpochKeys(granted, next).keys()].length).toBe(3)
  })

  it.each([
    ['a stranger', () => newDevice()],
    ['a sign-in key', undefined],
  ])('is not asked for by %s', async (_, make) => {
    let device = make?.()
    let keyring = state
    if (device === undefined) {
      device = newDevice()
      const record = await createAdd(platform, state, { signer: account.laptop, device, role: 'sign-in', info })
      keyring = await append(state, record)
    }
    await expect(createRequest(platform, keyring, { device, next: await proven(next) })).rejects.toEqual(
      failing('keyring-refused'),
    )
  })
})
