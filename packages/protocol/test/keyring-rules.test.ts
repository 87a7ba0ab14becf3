import { describe, expect, test } from 'vitest'
import { bytesEqual, bytesToHex } from '../src/bytes'
import { type ProtocolCode, ProtocolFailure } from '../src/codes'
import { type DeviceId, type Hash, RECOVERY_MEMBER, ZERO_HASH } from '../src/ids'
import { decodeSignedRecord, SEALED_KEY_BYTES, WRAPPED_KEY_BYTES } from '../src/keyring-record'
import {
  activeDevice,
  activeDevices,
  applyRecord,
  epochAt,
  findDevice,
  type KeyringState,
  newestEpoch,
  prepareRecord,
} from '../src/keyring-rules'
import { MAX_ACTIVE_DEVICES } from '../src/limits'
import { counting, sha512 } from './support/bytes'
import {
  accept,
  acceptedChain,
  account,
  activeIds,
  addContent,
  cutHash,
  description,
  epochFor,
  follow,
  genesis,
  genesisContent,
  isVerified,
  laptop,
  type Member,
  memberFrom,
  phone,
  proven,
  recoverContent,
  recovery,
  rekeyContent,
  removeContent,
  signRecord,
  tablet,
  withAdded,
} from './support/keyring-chain'

function refusal(state: KeyringState | undefined, bytes: Uint8Array): { code: ProtocolCode; message: string } {
  try {
    accept(state, bytes)
  } catch (error) {
    if (error instanceof ProtocolFailure) return { code: error.code, message: error.message }
    throw error
  }
  throw new TypeError('the record was accepted')
}

const expectRefused = (state: KeyringState | undefined, bytes: Uint8Array, message: string | RegExp) => {
  const { code, message: said } = refusal(state, bytes)
  expect(code).toBe('keyring-refused')
  expect(said).toMatch(message)
}
const expectConflict = (state: KeyringState | undefined, bytes: Uint8Array, message: string | RegExp) => {
  const { code, message: said } = refusal(state, bytes)
  expect(code).toBe('keyring-conflict')
  expect(said).toMatch(message)
}

const withPhone = () => withAdded(genesis(), laptop, phone)
const withSignInKey = () => withAdded(genesis(), laptop, phone, 'sign-in')

describe('an account from its start', () => {
  test('one record of each type is accepted in order, each signed and each naming the one before', () => {
    let state: KeyringState | undefined
    for (const { bytes, hash } of acceptedChain()) {
      state = accept(state, bytes)
      expect(bytesEqual(state.head, hash)).toBe(true)
      expect(state.account).toEqual(account)
    }
    expect(state?.length).toBe(12)
    expect(activeIds(state as KeyringState)).toEqual([tablet.id, memberFrom(6).id])
    expect(state?.epochs.map((epoch) => epoch.position)).toEqual([0, 2, 3, 4, 11])
    expect(state?.recovery.signing).toEqual(memberFrom(8).keys.signing)
    expect(state).toMatchObject({ owesRekey: false })
    expect(state).not.toHaveProperty('reissueRequest')
  })

  test('the state says who came when, who left when and under which cut', () => {
    const state = withPhone()
    const left = accept(state, follow(state, laptop, removeContent(state, phone)))
    expect(findDevice(left, phone.id)).toMatchObject({ addedAt: 1, removedAt: 2, cutHash, role: 'device' })
    expect(activeDevice(left, phone.id)).toBeUndefined()
    expect(activeDevice(left, laptop.id)).toMatchObject({ addedAt: 0 })
    expect(activeDevices(left.devices)).toHaveLength(1)
    expect(newestEpoch(left).position).toBe(2)
    expect(epochAt(left, 0)?.keyId).toEqual(genesisContent.epoch.keyId)
    expect(epochAt(left, 1)).toBeUndefined()
  })

  test('a state is never changed by the record that follows it', () => {
    const state = genesis()
    const before = structuredClone({ ...state, devices: [...state.devices] })
    withAdded(state, laptop, phone)
    accept(state, follow(state, laptop, rekeyContent(state)))
    expect({ ...state, devices: [...state.devices] }).toEqual(before)
  })

  test('it starts with genesis and nothing else, at position 0, after nothing, signed by the recovery key', () => {
    const add = signRecord({ ...addContent(phone), position: 0, previous: ZERO_HASH, signer: undefined }, recovery.key)
    expectRefused(undefined, add, /starts with its genesis/)
    expectRefused(undefined, follow(undefined, undefined, { ...genesisContent, position: 1 }), /follows nothing/)
    const previous = counting(32, 1) as Hash
    expectRefused(undefined, follow(undefined, undefined, { ...genesisContent, previous }), /follows nothing/)
    expectRefused(undefined, follow(undefined, laptop, genesisContent), /the recovery key signs/)
  })

  test('a genesis that another key signed does not verify', () => {
    const bytes = signRecord({ ...genesisContent, position: 0, previous: ZERO_HASH, signer: undefined }, laptop.key)
    const prepared = prepareRecord(sha512, undefined, bytes)
    expect(isVerified(prepared)).toBe(false)
  })

  test('it starts once', () => {
    expectConflict(genesis(), follow(undefined, undefined, genesisContent), /exists already/)
  })

  test('its first device can do everything: a sign-in key cannot start an account', () => {
    const content = { ...genesisContent, device: description(laptop, 'sign-in') }
    expectRefused(undefined, follow(undefined, undefined, content), /sign-in key cannot start/)
  })

  test('its first key wraps no key before it', () => {
    const content = { ...genesisContent, epoch: epochFor([laptop.id], 150) }
    expectRefused(undefined, follow(undefined, undefined, content), /wrapped exactly when there is one/)
  })
})

describe('the place in the chain', () => {
  test('a record that names another previous record, or another position, is a conflict', () => {
    const state = genesis()
    const previous = counting(32, 1) as Hash
    expectConflict(state, follow(state, laptop, { ...addContent(phone), previous }), /another head/)
    expectConflict(state, follow(state, laptop, { ...addContent(phone), position: 0 }), /another head/)
    expectConflict(state, follow(state, laptop, { ...addContent(phone), position: 2 }), /another head/)
  })

  test('of two records that follow the same head, the second is a conflict, also when both were verified before either was applied', () => {
    const state = genesis()
    const first = prepareRecord(sha512, state, follow(state, laptop, addContent(phone)))
    const second = prepareRecord(sha512, state, follow(state, laptop, addContent(tablet)))
    const next = applyRecord(sha512, state, first)
    expect(() => applyRecord(sha512, next, second)).toThrow(expect.objectContaining({ code: 'keyring-conflict' }))
    const again = prepareRecord(sha512, undefined, follow(undefined, undefined, genesisContent))
    expect(() => applyRecord(sha512, state, again)).toThrow(expect.objectContaining({ code: 'keyring-conflict' }))
  })

  test('a record that was prepared cannot be changed through the buffer it came in', () => {
    const state = genesis()
    const buffer = follow(state, laptop, addContent(phone))
    const whole = new Uint8Array(buffer)
    const prepared = prepareRecord(sha512, state, buffer)
    buffer.fill(0)
    const next = applyRecord(sha512, state, prepared)
    expect(next).toEqual(accept(state, whole))
    expect(isVerified(prepared)).toBe(true)
  })

  test('a record signed for another account does not verify', () => {
    const state = genesis()
    const { record } = decodeSignedRecord(follow(state, laptop, addContent(phone)))
    const elsewhere = signRecord(record, laptop.key, counting(32, 99) as typeof account)
    const prepared = prepareRecord(sha512, state, elsewhere)
    expect(isVerified(prepared)).toBe(false)
  })
})

describe('who may sign', () => {
  test('an unknown device may not', () => {
    const state = genesis()
    expectRefused(state, follow(state, tablet, addContent(phone)), /not an active device/)
  })

  test('a removed device may not, not even to add', () => {
    const state = withPhone()
    const without = accept(state, follow(state, laptop, removeContent(state, phone)))
    expectRefused(without, follow(without, phone, addContent(tablet)), /not an active device/)
    expectRefused(without, follow(without, phone, rekeyContent(without, 160)), /not an active device/)
  })

  test('a sign-in key may add a device and do nothing else', () => {
    const state = withSignInKey()
    expect(activeIds(withAdded(state, phone, tablet))).toContainEqual(tablet.id)
    expectRefused(state, follow(state, phone, rekeyContent(state)), /may only add/)
    expectRefused(state, follow(state, phone, removeContent(state, laptop)), /may only add/)
    expectRefused(state, follow(state, phone, recoverContent(state, tablet, [laptop])), /only the recovery key/)
  })

  test('only the recovery key recovers', () => {
    const state = withPhone()
    expectRefused(state, follow(state, laptop, recoverContent(state, tablet, [phone])), /only the recovery key/)
  })

  test('the recovery key may add, remove and rekey as well', () => {
    const added = accept(genesis(), follow(genesis(), undefined, addContent(phone)))
    const rekeyed = accept(added, follow(added, undefined, rekeyContent(added)))
    const removed = accept(rekeyed, follow(rekeyed, undefined, removeContent(rekeyed, laptop)))
    expect(activeIds(removed)).toEqual([phone.id])
  })

  test('any device may remove a sign-in key', () => {
    const state = withSignInKey()
    expect(activeIds(accept(state, follow(state, laptop, removeContent(state, phone))))).toEqual([laptop.id])
  })
})

describe('which devices', () => {
  test('one that is in the account is not added again, nor one that was removed', () => {
    const state = withPhone()
    expectRefused(state, follow(state, laptop, addContent(phone)), /is or was/)
    const without = accept(state, follow(state, laptop, removeContent(state, phone)))
    expectRefused(without, follow(without, laptop, addContent(phone)), /is or was/)
    expectRefused(without, follow(without, undefined, recoverContent(without, phone, [])), /is or was/)
  })

  test('one that is not active is not removed', () => {
    const state = withPhone()
    expectRefused(state, follow(state, laptop, removeContent(state, tablet)), /not active/)
    const without = accept(state, follow(state, laptop, removeContent(state, phone)))
    expectRefused(without, follow(without, laptop, removeContent(without, phone, 160)), /not active/)
  })

  test('none removes itself, since it would know the new key', () => {
    const state = withPhone()
    expectRefused(state, follow(state, phone, removeContent(state, phone)), /cannot remove itself/)
  })

  test('a full account takes no more, until one is removed', () => {
    let state = genesis()
    const others: Member[] = []
    for (let seed = 10; activeIds(state).length < MAX_ACTIVE_DEVICES; seed++) {
      others.push(memberFrom(seed))
      state = withAdded(state, laptop, others.at(-1) as Member)
    }
    expectRefused(state, follow(state, laptop, addContent(tablet)), /may have 64 devices/)
    const oneMore = { ...recoverContent(state, tablet, []), epoch: epochFor(activeIds(state), 153) }
    expectRefused(state, follow(state, undefined, oneMore), /may have 64 devices/)
    const gone = others[0] as Member
    const recovered = accept(state, follow(state, undefined, recoverContent(state, tablet, [gone])))
    expect(activeIds(recovered)).toHaveLength(MAX_ACTIVE_DEVICES)
    const rekeyed = accept(recovered, follow(recovered, laptop, rekeyContent(recovered, 160)))
    expect(newestEpoch(rekeyed).sealed).toHaveLength(MAX_ACTIVE_DEVICES + 1)
  })
})

describe('public keys that no honest device has', () => {
  const zeros = new Uint8Array(32)
  const refusedKeys = /none that an honest device has/

  test('bring in no member, since what is sealed to them everybody opens', () => {
    const state = genesis()
    const content = addContent(phone)
    for (const bad of [{ signing: zeros }, { box: zeros }])
      expectRefused(state, follow(state, laptop, { ...content, device: { ...content.device, ...bad } }), refusedKeys)
    expectRefused(state, follow(state, laptop, { ...content, ephemeral: zeros }), refusedKeys)
  })

  test('begin no epoch and are no recovery key', () => {
    const state = genesis()
    const rekey = rekeyContent(state)
    expectRefused(state, follow(state, laptop, { ...rekey, epoch: { ...rekey.epoch, ephemeral: zeros } }), refusedKeys)
    const next = { ...proven(memberFrom(5)), box: zeros }
    expectRefused(state, follow(state, laptop, { type: 'request', next }), refusedKeys)
    expectRefused(
      state,
      follow(state, undefined, { ...recoverContent(state, tablet, []), nextRecovery: next }),
      refusedKeys,
    )
    const recoveryKeys = { ...recovery.keys, box: zeros }
    expectRefused(undefined, follow(undefined, undefined, { ...genesisContent, recovery: recoveryKeys }), refusedKeys)
  })
})

describe('whom a new key is sealed to', () => {
  const rekey = (change: (epoch: ReturnType<typeof epochFor>) => ReturnType<typeof epochFor>) => {
    const state = withPhone()
    const content = rekeyContent(state)
    return () => expectRefused(state, follow(state, laptop, { ...content, epoch: change(content.epoch) }), /sealed to/)
  }
  const stranger = { member: tablet.id, box: counting(SEALED_KEY_BYTES, 1) }

  test('every active member: none is missing, be it a device or the recovery key', () => {
    rekey((epoch) => ({ ...epoch, sealed: epoch.sealed.slice(0, -1) }))()
    rekey((epoch) => ({ ...epoch, sealed: epoch.sealed.slice(1) }))()
    rekey((epoch) => ({ ...epoch, sealed: [] }))()
  })

  test('nobody else: no stranger, no member twice, none in another’s place', () => {
    const byMember = (a: { member: DeviceId }, b: { member: DeviceId }) =>
      bytesToHex(a.member) < bytesToHex(b.member) ? -1 : 1
    rekey((epoch) => ({ ...epoch, sealed: [...epoch.sealed, stranger].sort(byMember) }))()
    rekey((epoch) => ({ ...epoch, sealed: [...epoch.sealed, ...epoch.sealed.slice(-1)] }))()
    rekey((epoch) => ({ ...epoch, sealed: [...epoch.sealed.slice(0, 2), stranger].sort(byMember) }))()
  })

  test('in the order of their ids', () => {
    rekey((epoch) => ({ ...epoch, sealed: [...epoch.sealed].reverse() }))()
  })

  test('a sign-in key like a device', () => {
    const state = withSignInKey()
    const withoutIt = { type: 'rekey', epoch: epochFor([laptop.id], 152) } as const
    expectRefused(state, follow(state, laptop, withoutIt), /sealed to/)
    expect(accept(state, follow(state, laptop, rekeyContent(state))).length).toBe(3)
  })

  test('never the device that is removed, always the one that recovers', () => {
    const state = withPhone()
    const still = { ...removeContent(state, phone), epoch: epochFor(activeIds(state), 151) }
    expectRefused(state, follow(state, laptop, still), /sealed to/)
    const recover = recoverContent(state, tablet, [phone])
    expectRefused(state, follow(state, undefined, { ...recover, epoch: epochFor([laptop.id], 153) }), /sealed to/)
    expect(recover.epoch.sealed.map((each) => each.member)).toContainEqual(RECOVERY_MEMBER)
  })
})

describe('a new key', () => {
  test('carries the one before it, or history could not be read', () => {
    const state = withPhone()
    for (const content of [rekeyContent(state), removeContent(state, phone)]) {
      const { wrappedPrevious: _, ...epoch } = content.epoch
      expectRefused(state, follow(state, laptop, { ...content, epoch }), /wrapped exactly when there is one/)
    }
    const recover = recoverContent(state, tablet, [phone])
    expect(recover.epoch.wrappedPrevious).toHaveLength(WRAPPED_KEY_BYTES)
    const { wrappedPrevious: _, ...epoch } = recover.epoch
    expectRefused(state, follow(state, undefined, { ...recover, epoch }), /wrapped exactly when there is one/)
  })

  test('is new: no earlier key comes back, or a removed device would go on reading', () => {
    const state = withPhone()
    const once = accept(state, follow(state, laptop, rekeyContent(state)))
    for (const earlier of once.epochs) {
      const content = rekeyContent(once, 160)
      const epoch = { ...content.epoch, keyId: earlier.keyId }
      expectRefused(once, follow(once, laptop, { ...content, epoch }), /needs a new key/)
    }
  })

  test('is sealed from a new ephemeral key, or two keys would share a nonce', () => {
    const state = withPhone()
    const used = [newestEpoch(state).ephemeral, addContent(phone).ephemeral]
    for (const ephemeral of used) {
      const content = removeContent(state, phone)
      expectRefused(
        state,
        follow(state, laptop, { ...content, epoch: { ...content.epoch, ephemeral } }),
        /new ephemeral/,
      )
      expectRefused(state, follow(state, laptop, { ...addContent(tablet), ephemeral }), /new ephemeral/)
    }
  })

  test('reaches a device that is added later by its own record, with the epoch that it opens', () => {
    const state = withPhone()
    const content = addContent(phone)
    const sealedKey = { epoch: 0, ephemeral: content.ephemeral, box: content.sealedKey }
    expect(findDevice(state, phone.id)).toMatchObject({ sealedKey })
    expect(findDevice(state, laptop.id)?.sealedKey).toBeUndefined()
    const rekeyed = accept(state, follow(state, laptop, rekeyContent(state)))
    expect(findDevice(withAdded(rekeyed, phone, tablet), tablet.id)?.sealedKey?.epoch).toBe(2)
  })
})

describe('recovery', () => {
  test('removes many at once, in the order of their ids', () => {
    const state = withAdded(withPhone(), laptop, memberFrom(6))
    const content = recoverContent(state, tablet, [laptop, phone])
    const recovered = accept(state, follow(state, undefined, content))
    expect(findDevice(recovered, laptop.id)).toMatchObject({ removedAt: 3, cutHash })
    expect(findDevice(recovered, phone.id)).toMatchObject({ removedAt: 3, cutHash })
    const backwards = { ...content, removed: [...content.removed].reverse() }
    expectRefused(state, follow(state, undefined, backwards), /not sorted/)
    const [first] = content.removed as [DeviceId]
    expectRefused(state, follow(state, undefined, { ...content, removed: [first, first] }), /not sorted/)
    const unknown = recoverContent(state, tablet, [memberFrom(7)])
    expectRefused(state, follow(state, undefined, unknown), /not active/)
  })

  test('may leave every device in place', () => {
    const state = withPhone()
    const recovered = accept(state, follow(state, undefined, recoverContent(state, tablet, [])))
    expect(activeIds(recovered)).toEqual([laptop.id, phone.id, tablet.id])
    expect(recovered.recovery.signing).toEqual(recovery.keys.signing)
  })

  test('does not make a sign-in key the one device that is left', () => {
    const state = withPhone()
    const content = recoverContent(state, tablet, [laptop, phone])
    const signIn = { ...content, device: description(tablet, 'sign-in') }
    expectRefused(state, follow(state, undefined, signIn), /sign-in key cannot start or recover/)
  })

  test('with a new phrase ends the old one, and keeps the account’s name', () => {
    const state = withPhone()
    const next = memberFrom(5)
    const content = recoverContent(state, tablet, [phone], { nextRecovery: proven(next) })
    const recovered = accept(state, follow(state, undefined, content))
    expect(recovered.account).toEqual(account)

    const again = recoverContent(recovered, memberFrom(6), [laptop], { seed: 160 })
    const byOld = prepareRecord(sha512, recovered, follow(recovered, undefined, again))
    expect(isVerified(byOld)).toBe(false)

    const link = { position: recovered.length, previous: recovered.head, signer: undefined }
    expect(activeIds(accept(recovered, signRecord({ ...link, ...again }, next.key)))).toContainEqual(memberFrom(6).id)
  })
})
