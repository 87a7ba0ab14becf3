import {
  activeDevices,
  bytesToHex,
  type CutEntry,
  cutHashOf,
  type DocumentId,
  decodeCut,
  decodeSignedRecord,
  findDevice,
  type Hash,
  type KeyringState,
} from '@owlivion/sync-protocol'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  appendRecord,
  createAdd,
  createDeviceKeys,
  createGenesis,
  createRecover,
  type DeviceKeys,
  type Member,
  openDeviceInfo,
  openEpochKeys,
  openNewestEpochKey,
  type RecoveryKeys,
  recoveryKeysOf,
} from '../../src/account'
import { nodePlatform } from '../../src/platform/node'

const platform = nodePlatform()
const { signing, random } = platform
const info = { name: 'Ann’s laptop', platform: 'Node', addedAtMs: 1_700_000_000_000 }
const failing = (code: string) => expect.objectContaining({ name: 'SyncError', code })
const newDevice = () => createDeviceKeys(random, signing)
const positions = (state: KeyringState, member: Member) =>
  [...openEpochKeys(state, member).keys()].sort((a, b) => a - b)
const sameKeys = (state: KeyringState, a: Member, b: Member) =>
  expect(openEpochKeys(state, a)).toEqual(openEpochKeys(state, b))
const append = (state: KeyringState | undefined, record: Uint8Array) => appendRecord(signing, state, record)

let recovery: RecoveryKeys
let laptop: DeviceKeys
let phone: DeviceKeys
let genesis: Uint8Array
let alone: KeyringState

beforeAll(async () => {
  recovery = recoveryKeysOf(random(32))
  laptop = newDevice()
  phone = newDevice()
  genesis = await createGenesis(platform, { recovery, device: laptop, info })
  alone = await append(undefined, genesis)
})

describe('an account', () => {
  it('begins with one device, which opens the same key as the phrase', () => {
    expect(alone.account).toEqual(recovery.account)
    expect(activeDevices(alone.devices).map(({ id }) => id)).toEqual([laptop.id])
    expect(positions(alone, laptop)).toEqual([0])
    sameKeys(alone, laptop, recovery)
    expect(
      openDeviceInfo(openEpochKeys(alone, laptop), laptop.signing, findDevice(alone, laptop.id)?.info as Uint8Array),
    ).toEqual(info)
  })

  it('is joined with the phrase: the recovery key adds the device that it was typed on', async () => {
    const joined = await append(
      alone,
      await createAdd(platform, alone, { signer: recovery, device: phone, info: { ...info, name: 'Phone' } }),
    )
    expect(activeDevices(joined.devices)).toHaveLength(2)
    sameKeys(joined, phone, laptop)
    const sealedInfo = findDevice(joined, phone.id)?.info as Uint8Array
    expect(openDeviceInfo(openEpochKeys(joined, laptop), phone.signing, sealedInfo)?.name).toBe('Phone')
  })

  it('is joined by the word of a device that is in it, which needs only the public keys of the other', async () => {
    const { signing: signingKey, box } = phone
    const record = await createAdd(platform, alone, { signer: laptop, device: { signing: signingKey, box }, info })
    const joined = await append(alone, record)
    expect(decodeSignedRecord(record).record.signer).toEqual(laptop.id)
    sameKeys(joined, phone, recovery)
  })

  it('lets a device in that was added by an added device', async () => {
    const tablet = newDevice()
    const two = await append(alone, await createAdd(platform, alone, { signer: recovery, device: phone, info }))
    const three = await append(two, await createAdd(platform, two, { signer: phone, device: tablet, info }))
    sameKeys(three, tablet, laptop)
  })

  it('writes no secret into its records', async () => {
    const record = await createAdd(platform, alone, { signer: recovery, device: phone, info })
    const { epochKey } = openNewestEpochKey(alone, recovery)
    const secrets = [epochKey, laptop, phone, recovery].flatMap((keys) =>
      keys instanceof Uint8Array ? [keys] : [keys.signingSeed, keys.boxSecret],
    )
    for (const secret of secrets) {
      expect(bytesToHex(genesis)).not.toContain(bytesToHex(secret))
      expect(bytesToHex(record)).not.toContain(bytesToHex(secret))
    }
    expect(Buffer.from(genesis).includes('laptop')).toBe(false)
  })
})

describe('recovery', () => {
  const cut = (device: DeviceKeys): CutEntry => ({
    document: new Uint8Array(16).fill(1) as DocumentId,
    device: device.id,
    incarnation: 5,
    sequence: 9,
    hash: new Uint8Array(32).fill(2) as Hash,
  })

  it('removes every device, lets this one in, and seals a new key that opens the old ones', async () => {
    const two = await append(alone, await createAdd(platform, alone, { signer: recovery, device: phone, info }))
    const fresh = newDevice()
    const recovered = await createRecover(platform, two, {
      recovery,
      device: fresh,
      info,
      cut: [cut(phone), cut(laptop)],
    })
    const state = await append(two, recovered.record)
    expect(activeDevices(state.devices).map(({ id }) => id)).toEqual([fresh.id])
    expect(positions(state, fresh)).toEqual([0, 2])
    sameKeys(state, fresh, recovery)
    expect(decodeCut(recovered.cut)).toHaveLength(2)
    expect(findDevice(state, phone.id)?.cutHash).toEqual(cutHashOf(signing.sha512, recovered.cut))

    expect(positions(state, laptop)).toEqual([0])
    expect(positions(state, phone)).toEqual([0])
    expect(() => openNewestEpochKey(state, phone)).toThrow(failing('keyring-invalid'))
    const sealedInfo = findDevice(state, fresh.id)?.info as Uint8Array
    expect(openDeviceInfo(openEpochKeys(state, fresh), fresh.signing, sealedInfo)).toEqual(info)
    expect(openDeviceInfo(openEpochKeys(state, phone), fresh.signing, sealedInfo)).toBeUndefined()
  })

  it('may follow another, and a device added later opens every key there ever was', async () => {
    const [second, third, fourth] = [newDevice(), newDevice(), newDevice()]
    let state = alone
    for (const device of [second, third]) {
      state = await append(state, (await createRecover(platform, state, { recovery, device, info, cut: [] })).record)
    }
    state = await append(state, await createAdd(platform, state, { signer: third, device: fourth, info }))
    expect(positions(state, fourth)).toEqual([0, 1, 2])
    sameKeys(state, fourth, recovery)
    expect(positions(state, second)).toEqual([0, 1])
  })

  it('may issue a new phrase: from then on the old one opens and signs nothing new', async () => {
    const next = recoveryKeysOf(random(32))
    const fresh = newDevice()
    const { record } = await createRecover(platform, alone, {
      recovery,
      device: fresh,
      info,
      cut: [],
      nextRecovery: next,
    })
    const state = await append(alone, record)
    sameKeys(state, fresh, next)
    expect(state.account).toEqual(alone.account)
    expect(() => openEpochKeys(state, recovery)).toThrow(failing('keyring-invalid'))
    await expect(createAdd(platform, state, { signer: recovery, device: phone, info })).rejects.toEqual(
      failing('wrong-account'),
    )
    await append(state, await createAdd(platform, state, { signer: next, device: phone, info }))
  })
})

describe('the keyring refuses', () => {
  it('a record with any byte changed', async () => {
    const record = await createAdd(platform, alone, { signer: laptop, device: phone, info })
    for (let i = 0; i < record.length; i++) {
      const altered = Uint8Array.from(record, (byte, j) => (j === i ? byte ^ 1 : byte))
      const error = await append(alone, altered).catch((reason: unknown) => reason)
      expect(['keyring-invalid', 'keyring-conflict', 'unsupported-version'], `byte ${i}`).toContain(
        (error as { code?: string }).code,
      )
    }
    for (const length of [0, 1, 63, 64, record.length - 1]) {
      await expect(append(alone, record.subarray(0, length)), `${length} bytes`).rejects.toMatchObject({
        name: 'SyncError',
      })
    }
  })

  it('a record that follows another head, so that of two at once only one counts', async () => {
    const one = await createAdd(platform, alone, { signer: laptop, device: phone, info })
    const other = await createAdd(platform, alone, { signer: recovery, device: newDevice(), info })
    const state = await append(alone, one)
    await expect(append(state, other)).rejects.toEqual(failing('keyring-conflict'))
    await expect(append(state, one)).rejects.toEqual(failing('keyring-conflict'))
    await expect(append(state, genesis)).rejects.toEqual(failing('keyring-conflict'))
  })

  it('a record of a removed device, of a stranger or of another account', async () => {
    const stranger = newDevice()
    const { record } = await createRecover(platform, alone, { recovery, device: phone, info, cut: [] })
    const state = await append(alone, record)
    await expect(createAdd(platform, state, { signer: laptop, device: stranger, info })).rejects.toEqual(
      failing('keyring-invalid'),
    )
    await expect(createAdd(platform, state, { signer: stranger, device: stranger, info })).rejects.toEqual(
      failing('keyring-invalid'),
    )
    const otherPhrase = recoveryKeysOf(random(32))
    await expect(createAdd(platform, state, { signer: otherPhrase, device: stranger, info })).rejects.toEqual(
      failing('wrong-account'),
    )
    await expect(
      createRecover(platform, state, { recovery: otherPhrase, device: stranger, info, cut: [] }),
    ).rejects.toEqual(failing('wrong-account'))

    const otherGenesis = await append(
      undefined,
      await createGenesis(platform, { recovery: otherPhrase, device: stranger, info }),
    )
    const foreign = await createAdd(platform, otherGenesis, { signer: otherPhrase, device: newDevice(), info })
    await expect(append(alone, foreign)).rejects.toMatchObject({ name: 'SyncError' })
  })

  it('a device that is in the account already or was removed from it', async () => {
    await expect(createAdd(platform, alone, { signer: recovery, device: laptop, info })).rejects.toEqual(
      failing('keyring-refused'),
    )
    const { record } = await createRecover(platform, alone, { recovery, device: phone, info, cut: [] })
    const state = await append(alone, record)
    await expect(createAdd(platform, state, { signer: recovery, device: laptop, info })).rejects.toEqual(
      failing('keyring-refused'),
    )
  })

  it('a key that is not the one that its record names', async () => {
    const state = await append(alone, await createAdd(platform, alone, { signer: recovery, device: phone, info }))
    const renamed = { ...state, epochs: state.epochs.map((epoch) => ({ ...epoch, keyId: new Uint8Array(32) as Hash })) }
    for (const member of [laptop, phone, recovery]) {
      expect(() => openEpochKeys(renamed, member)).toThrow(failing('keyring-invalid'))
    }
    expect(() => openEpochKeys(state, newDevice())).toThrow(failing('keyring-invalid'))
  })
})
