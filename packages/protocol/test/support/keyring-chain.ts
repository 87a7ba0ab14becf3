// Keyring records signed with real keys from fixed seeds, so that a chain can be built in a few lines and bent in one place.
import { compareBytes } from '../../src/bytes'
import { accountIdOf, deviceIdOf } from '../../src/hash'
import { type AccountId, type DeviceId, type Hash, RECOVERY_MEMBER, ZERO_HASH } from '../../src/ids'
import {
  type DeviceDescription,
  type EpochBlock,
  encodeSignedRecord,
  encodeUnsignedRecord,
  type KeyringRecord,
  type NextRecovery,
  type PublicKeys,
  recordHash,
  recordSigningBytes,
  recoveryProofBytes,
  SEALED_KEY_BYTES,
  WRAPPED_KEY_BYTES,
} from '../../src/keyring-record'
import {
  activeDevices,
  applyRecord,
  type KeyringState,
  prepareRecord,
  type RecordToVerify,
} from '../../src/keyring-rules'
import { counting, isSignedBy, type SigningKey, sha512, signingKeyFrom } from './bytes'

export interface Member {
  readonly id: DeviceId
  readonly keys: PublicKeys
  readonly key: SigningKey
}

/** 32 bytes that may be an X25519 key: the top bit is never set in one. */
const boxKey = (first: number) => counting(32, first).map((byte) => byte & 0x7f)

export function memberFrom(seed: number): Member {
  const key = signingKeyFrom(counting(32, seed))
  return { id: deviceIdOf(sha512, key.publicKey), keys: { signing: key.publicKey, box: boxKey(seed + 100) }, key }
}

export const recovery = memberFrom(1)
export const laptop = memberFrom(2)
export const phone = memberFrom(3)
export const tablet = memberFrom(4)
export const account: AccountId = accountIdOf(sha512, recovery.keys.signing)

export function description(member: Member, role: DeviceDescription['role'] = 'device'): DeviceDescription {
  return { ...member.keys, role, info: counting(40, 9) }
}

/** An epoch as it must be: sealed to the recovery key and `ids`, sorted. `seed` tells one key from another. */
export function epochFor(ids: readonly DeviceId[], seed: number, first = false): EpochBlock {
  const members = [RECOVERY_MEMBER, ...ids].sort(compareBytes)
  return {
    keyId: counting(32, seed) as Hash,
    ...(!first && { wrappedPrevious: counting(WRAPPED_KEY_BYTES, seed + 1) }),
    ephemeral: boxKey(seed + 2),
    sealed: members.map((member, index) => ({ member, box: counting(SEALED_KEY_BYTES, seed + 3 + index) })),
  }
}

export function signRecord(record: KeyringRecord, key: SigningKey, of: AccountId = account): Uint8Array {
  const unsigned = encodeUnsignedRecord(record)
  return encodeSignedRecord(unsigned, key.sign(recordSigningBytes(of, unsigned)))
}

type Content = KeyringRecord extends infer Each
  ? Each extends KeyringRecord
    ? Omit<Each, 'position' | 'previous' | 'signer'> & Partial<Pick<Each, 'position' | 'previous'>>
    : never
  : never

export const genesisContent = {
  type: 'genesis',
  recovery: recovery.keys,
  device: description(laptop),
  epoch: epochFor([laptop.id], 150, true),
} as const satisfies Content

/** A record that follows `state`, signed by `signer`, or by the recovery key when there is none. */
export function follow(state: KeyringState | undefined, signer: Member | undefined, content: Content): Uint8Array {
  const link = { position: state?.length ?? 0, previous: state?.head ?? ZERO_HASH, signer: signer?.id }
  return signRecord({ ...link, ...content } as KeyringRecord, (signer ?? recovery).key)
}

export function isVerified({ signatures }: RecordToVerify): boolean {
  return signatures.every(({ publicKey, signingBytes, signature }) => isSignedBy(publicKey, signingBytes, signature))
}

/** Prepares, verifies the signatures, applies: what a relay and a device do with each record. */
export function accept(state: KeyringState | undefined, bytes: Uint8Array): KeyringState {
  const prepared = prepareRecord(sha512, state, bytes)
  if (!isVerified(prepared)) throw new TypeError('not signed')
  return applyRecord(sha512, state, prepared)
}

export function activeIds(state: KeyringState): DeviceId[] {
  return activeDevices(state.devices).map((device) => device.id)
}

export const genesis = (): KeyringState => accept(undefined, follow(undefined, undefined, genesisContent))

export function addContent(member: Member, role: DeviceDescription['role'] = 'device') {
  return {
    type: 'add',
    device: description(member, role),
    ephemeral: new Uint8Array(sha512(member.keys.box).subarray(0, 32)).map((byte) => byte & 0x7f),
    sealedKey: counting(SEALED_KEY_BYTES, 181),
  } as const satisfies Content
}

export function withAdded(state: KeyringState, by: Member, member: Member, role?: DeviceDescription['role']) {
  return accept(state, follow(state, by, addContent(member, role)))
}

export const cutHash = counting(32, 190) as Hash

/** Takes out one device, or several. */
export function removeContent(state: KeyringState, removed: Member | readonly Member[], seed = 151) {
  const gone = [removed]
    .flat()
    .map((member) => member.id)
    .sort(compareBytes)
  const rest = activeIds(state).filter((id) => !gone.some((each) => compareBytes(each, id) === 0))
  return { type: 'remove', removed: gone, cutHash, epoch: epochFor(rest, seed) } as const satisfies Content
}

export const leaveContent = { type: 'leave', cutHash } as const satisfies Content

/** The keys of a new recovery phrase, which says itself that it is meant for the account. */
export function proven(next: Pick<Member, 'keys' | 'key'>, of: AccountId = account): NextRecovery {
  return { ...next.keys, proof: next.key.sign(recoveryProofBytes(of, next.keys)) }
}

/** Asks for a new recovery phrase. */
export function requestContent(next: Member) {
  return { type: 'request', next: proven(next) } as const satisfies Content
}

/** Gives the account the recovery key of `next`; a device names the request that it grants. */
export function reissueContent(state: KeyringState, next: Member, request?: number, seed = 154) {
  const epoch = epochFor(activeIds(state), seed)
  return {
    type: 'reissue',
    next: proven(next),
    ...(request !== undefined && { request }),
    epoch,
  } as const satisfies Content
}

export function rekeyContent(state: KeyringState, seed = 152) {
  return { type: 'rekey', epoch: epochFor(activeIds(state), seed) } as const satisfies Content
}

/** A recovery that removes `removed` and brings in `device`. */
export function recoverContent(
  state: KeyringState,
  device: Member,
  removed: readonly Member[],
  { nextRecovery, seed = 153 }: { nextRecovery?: NextRecovery; seed?: number } = {},
) {
  const gone = removed.map((member) => member.id).sort(compareBytes)
  const rest = activeIds(state).filter((id) => !gone.some((each) => compareBytes(each, id) === 0))
  return {
    type: 'recover',
    device: description(device),
    removed: gone,
    cutHash,
    ...(nextRecovery && { nextRecovery }),
    epoch: epochFor([...rest, device.id], seed),
  } as const satisfies Content
}

/** One record of each type in an order that the rules accept, with the state after each. */
export function acceptedChain(): readonly { readonly name: string; readonly bytes: Uint8Array; readonly hash: Hash }[] {
  const chain: { name: string; bytes: Uint8Array; hash: Hash }[] = []
  let state: KeyringState | undefined
  const append = (name: string, bytes: Uint8Array): KeyringState => {
    chain.push({ name, bytes, hash: recordHash(sha512, bytes) })
    state = accept(state, bytes)
    return state
  }
  const first = append('genesis', follow(undefined, undefined, genesisContent))
  const second = append('add', follow(first, laptop, addContent(phone)))
  const third = append('rekey', follow(second, phone, rekeyContent(second)))
  const fourth = append('remove', follow(third, laptop, removeContent(third, phone)))
  const nextRecovery = memberFrom(5)
  const fifth = append(
    'recover',
    follow(fourth, undefined, recoverContent(fourth, tablet, [laptop], { nextRecovery: proven(nextRecovery) })),
  )
  const [watch, desk, after] = [memberFrom(6), memberFrom(7), memberFrom(8)]
  const sixth = append('add of a second device', follow(fifth, tablet, addContent(watch)))
  const seventh = append('add of a third device', follow(sixth, tablet, addContent(desk)))
  const eighth = append('leave', follow(seventh, desk, leaveContent))
  const ninth = append('request', follow(eighth, watch, requestContent(after)))
  const tenth = append('veto', follow(ninth, tablet, { type: 'veto', request: 8 }))
  const eleventh = append('request again', follow(tenth, watch, requestContent(after)))
  append('reissue', follow(eleventh, tablet, reissueContent(eleventh, after, 10)))
  return chain
}
