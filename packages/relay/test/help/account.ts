// Accounts and devices that make valid frames with node:crypto alone. Boxes hold random bytes: the relay cannot tell.
import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto'
import {
  type AccountId,
  accountIdOf,
  activeDevices,
  applyRecord,
  type CutEntry,
  compareBytes,
  cutHashOf,
  type DeviceDescription,
  type DeviceId,
  type DocumentId,
  deviceIdOf,
  type EpochBlock,
  emptyLogHash,
  encodeCut,
  encodeEnvelope,
  encodeSignedRecord,
  encodeUnsignedRecord,
  entryHash,
  envelopeHash,
  envelopeKinds,
  epochAt,
  type Frame,
  type Hash,
  headerBytes,
  headSigningBytes,
  type KeyringRecord,
  type KeyringState,
  loginSigningBytes,
  type NextRecovery,
  newestEpoch,
  type PublicKeys,
  prepareRecord,
  RECOVERY_MEMBER,
  recordSigningBytes,
  recoveryProofBytes,
  SEALED_KEY_BYTES,
  seenSigningBytes,
  suspendSigningBytes,
  WRAPPED_KEY_BYTES,
  ZERO_HASH,
} from '@owlivion/sync-protocol'

export const sha512 = (bytes: Uint8Array) => new Uint8Array(createHash('sha512').update(bytes).digest())
export const random = <T extends Uint8Array>(length: number) => new Uint8Array(randomBytes(length)) as Uint8Array as T
export const documentNamed = (name: string) => sha512(Buffer.from(name)).slice(0, 16) as DocumentId

const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

export class KeyPair {
  readonly publicKey: Uint8Array
  private readonly privateKey: KeyObject

  constructor(seed: Uint8Array = random(32)) {
    this.privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' })
    const der = createPublicKey(this.privateKey).export({ format: 'der', type: 'spki' })
    this.publicKey = new Uint8Array(der.subarray(-32))
  }

  sign(message: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, message, this.privateKey))
  }
}

/** Bytes that can be an X25519 key: below the field's prime. */
function boxKey(): Uint8Array {
  const key = random(32)
  key[31] = (key[31] as number) & 0x7f
  return key
}

export interface PushOptions {
  readonly count?: number
  readonly sizeBytes?: number
  /** Keyring position of the key; the newest when left out. */
  readonly epoch?: number
  readonly version?: number
  readonly kind?: number
  readonly documentEpoch?: number
}

type PushFrame = Extract<Frame, { type: 'push' }>

export class TestDevice {
  readonly keys = new KeyPair()
  readonly id: DeviceId = deviceIdOf(sha512, this.keys.publicKey)
  incarnation = random(4).reduce((sum, byte) => sum * 256 + byte, 0)
  private readonly endByDocument = new Map<string, { sequence: number; hash: Hash }>()

  constructor(readonly account: TestAccount) {}

  describe(role: DeviceDescription['role'] = 'device'): DeviceDescription {
    return { signing: this.keys.publicKey, box: boxKey(), role, info: random(20) }
  }

  /** The end of this device's chain in the document, as the device knows it. */
  endOf(document: DocumentId): { sequence: number; hash: Hash } {
    return this.endByDocument.get(document.join()) ?? { sequence: 0, hash: ZERO_HASH }
  }

  startIncarnation(): void {
    this.incarnation++
    this.endByDocument.clear()
  }

  /** The next entries of the device in the document, whose end it remembers. */
  push(document: DocumentId, options: PushOptions = {}): PushFrame {
    const { count = 1, sizeBytes = 200, epoch, version = 1, kind, documentEpoch = 0 } = options
    const { keyring } = this.account
    const position = epoch ?? newestEpoch(keyring).position
    const keyId = epochAt(keyring, position)?.keyId ?? random<Hash>(32)
    let { sequence, hash } = this.endOf(document)
    const entries: Uint8Array[] = []
    for (let i = 0; i < count; i++) {
      const header = {
        version,
        suite: 1,
        kind: kind ?? envelopeKinds.update,
        documentEpoch,
        epoch: position,
        device: this.id,
        incarnation: this.incarnation,
        sequence: ++sequence,
      }
      const bytes = encodeEnvelope({ ...header, nonce: random(24), box: random(sizeBytes) })
      const place = { account: this.account.id, document, keyId, previous: hash }
      hash = entryHash(sha512, headerBytes(header, place), envelopeHash(sha512, bytes))
      entries.push(bytes)
    }
    this.endByDocument.set(document.join(), { sequence, hash })
    return { type: 'push', document, entries, headHash: hash, signature: this.signHead(document, sequence, hash) }
  }

  signHead(document: DocumentId, sequence: number, hash: Hash): Uint8Array {
    const head = { device: this.id, incarnation: this.incarnation, sequence, hash }
    return this.keys.sign(headSigningBytes(this.account.id, document, head))
  }

  seen(document: DocumentId): Extract<Frame, { type: 'seen-put' }> {
    const { position, keyId } = newestEpoch(this.account.keyring)
    const header = {
      version: 1,
      suite: 1,
      kind: envelopeKinds.seen,
      documentEpoch: 0,
      epoch: position,
      device: this.id,
      incarnation: this.incarnation,
      sequence: 1,
    }
    const envelope = encodeEnvelope({ ...header, nonce: random(24), box: random(200) })
    const place = { account: this.account.id, document, keyId, previous: ZERO_HASH }
    const hash = entryHash(sha512, headerBytes(header, place), envelopeHash(sha512, envelope))
    const signature = this.keys.sign(seenSigningBytes(this.account.id, document, hash))
    return { type: 'seen-put', document, envelope, signature }
  }

  /** @param device whose presence it says it is */
  presence(document: DocumentId, device: DeviceId = this.id): Extract<Frame, { type: 'presence-put' }> {
    const header = {
      version: 1,
      suite: 1,
      kind: envelopeKinds.presence,
      documentEpoch: 0,
      epoch: newestEpoch(this.account.keyring).position,
      device,
      incarnation: this.incarnation,
      sequence: 1,
    }
    const envelope = encodeEnvelope({ ...header, nonce: random(24), box: random(200) })
    return { type: 'presence-put', document, envelope }
  }

  auth(host: string, nonce: Hash, account: AccountId = this.account.id): Extract<Frame, { type: 'auth' }> {
    const { publicKey } = this.keys
    return { type: 'auth', publicKey, signature: this.keys.sign(loginSigningBytes(host, account, publicKey, nonce)) }
  }
}

type AppendFrame = Extract<Frame, { type: 'keyring-append' }>
type Unpositioned<T> = T extends KeyringRecord ? Omit<T, 'position' | 'previous'> : never

export class TestAccount {
  recovery = new KeyPair()
  readonly id: AccountId = accountIdOf(sha512, this.recovery.publicKey)
  readonly first = new TestDevice(this)
  state: KeyringState | undefined
  /** Of the last request for a new recovery phrase. */
  private asked: NextRecovery | undefined

  get keyring(): KeyringState {
    return this.state as KeyringState
  }

  emptyLog(document: DocumentId): Hash {
    return emptyLogHash(sha512, this.id, document)
  }

  genesis(device = this.first): AppendFrame {
    const recovery = { signing: this.recovery.publicKey, box: boxKey() }
    const epoch = this.epochFor([device.id], false)
    return this.extend(
      { type: 'genesis', signer: undefined, recovery, device: device.describe(), epoch },
      this.recovery,
    )
  }

  add(device: TestDevice, signer = this.first, role: DeviceDescription['role'] = 'device'): AppendFrame {
    const fields = { ephemeral: boxKey(), sealedKey: random(SEALED_KEY_BYTES) }
    return this.extend({ type: 'add', signer: signer.id, device: device.describe(role), ...fields }, signer.keys)
  }

  rekey(signer = this.first, commit = true): AppendFrame {
    const epoch = this.epochFor(this.memberIds())
    return this.extend({ type: 'rekey', signer: signer.id, epoch }, signer.keys, commit)
  }

  /** @param commit false to make the record without taking it over, for one that is to be refused */
  remove(
    removed: Pick<TestDevice, 'id'> | readonly Pick<TestDevice, 'id'>[],
    cut: readonly CutEntry[],
    commit = true,
    signer = this.first,
  ): AppendFrame {
    const encoded = encodeCut(cut)
    const ids = [removed]
      .flat()
      .map((device) => device.id)
      .sort(compareBytes)
    const epoch = this.epochFor(this.memberIds(ids))
    const record = {
      type: 'remove',
      signer: signer.id,
      removed: ids,
      cutHash: cutHashOf(sha512, encoded),
      epoch,
    } as const
    return { ...this.extend(record, signer.keys, commit), cut: encoded }
  }

  /** As `remove`. */
  leave(device: TestDevice, cut: readonly CutEntry[], commit = true): AppendFrame {
    const encoded = encodeCut(cut)
    const record = { type: 'leave', signer: device.id, cutHash: cutHashOf(sha512, encoded) } as const
    return { ...this.extend(record, device.keys, commit), cut: encoded }
  }

  /** A device asks for `next` as the recovery phrase. */
  request(next: KeyPair, signer = this.first): AppendFrame {
    this.asked = this.proven(next)
    return this.extend({ type: 'request', signer: signer.id, next: this.asked }, signer.keys)
  }

  /** Withdraws the open request. */
  veto(signer = this.first): AppendFrame {
    const request = this.keyring.reissueRequest?.position ?? -1
    return this.extend({ type: 'veto', signer: signer.id, request }, signer.keys)
  }

  /** Grants the open request. */
  grant(signer = this.first, commit = true): AppendFrame {
    const request = this.keyring.reissueRequest?.position ?? -1
    const next = this.asked as NextRecovery
    const epoch = this.epochFor(this.memberIds())
    return this.extend({ type: 'reissue', signer: signer.id, next, request, epoch }, signer.keys, commit)
  }

  /** The old recovery key gives way to the next one. */
  reissue(next: KeyPair): AppendFrame {
    const keys = this.proven(next)
    const epoch = this.epochFor(this.memberIds())
    const frame = this.extend({ type: 'reissue', signer: undefined, next: keys, epoch }, this.recovery)
    this.recovery = next
    return frame
  }

  /** Signed over the newest head of the keyring. */
  suspend(devices: readonly TestDevice[], signer: KeyPair = this.first.keys): Extract<Frame, { type: 'suspend' }> {
    const ids = devices.map((device) => device.id)
    const signature = signer.sign(suspendSigningBytes(this.id, this.keyring.head, ids))
    return { type: 'suspend', devices: ids, signature }
  }

  recover(
    device: TestDevice,
    removed: readonly TestDevice[],
    cut: readonly CutEntry[],
    nextRecovery?: KeyPair,
  ): AppendFrame {
    const encoded = encodeCut(cut)
    const ids = removed.map((each) => each.id).sort(compareBytes)
    const frame = this.extend(
      {
        type: 'recover',
        signer: undefined,
        device: device.describe(),
        removed: ids,
        cutHash: cutHashOf(sha512, encoded),
        ...(nextRecovery && { nextRecovery: this.proven(nextRecovery) }),
        epoch: this.epochFor([...this.memberIds(ids), device.id]),
      },
      this.recovery,
    )
    if (nextRecovery !== undefined) this.recovery = nextRecovery
    return { ...frame, cut: encoded }
  }

  /** A new recovery key, which says itself that it is meant for this account. */
  proven(next: KeyPair, account: AccountId = this.id): NextRecovery {
    const keys: PublicKeys = { signing: next.publicKey, box: boxKey() }
    return { ...keys, proof: next.sign(recoveryProofBytes(account, keys)) }
  }

  /** Makes, signs and, unless told otherwise, takes over the record that follows. */
  extend(content: Unpositioned<KeyringRecord>, signer: KeyPair, commit = true): AppendFrame {
    const position = this.state?.length ?? 0
    const previous = this.state?.head ?? ZERO_HASH
    const unsigned = encodeUnsignedRecord({ ...content, position, previous } as KeyringRecord)
    const record = encodeSignedRecord(unsigned, signer.sign(recordSigningBytes(this.id, unsigned)))
    if (commit) this.take(record)
    return { type: 'keyring-append', record, isRestored: false }
  }

  /** Goes on from a record as it was made. */
  take(record: Uint8Array): void {
    this.state = applyRecord(sha512, this.state, prepareRecord(sha512, this.state, record))
  }

  private memberIds(without: readonly DeviceId[] = []): DeviceId[] {
    const gone = new Set(without.map((id) => id.join()))
    return activeDevices(this.keyring.devices).flatMap(({ id }) => (gone.has(id.join()) ? [] : [id]))
  }

  private epochFor(devices: readonly DeviceId[], hasPrevious = true): EpochBlock {
    const members = [RECOVERY_MEMBER, ...devices].sort(compareBytes)
    return {
      keyId: random<Hash>(32),
      ...(hasPrevious && { wrappedPrevious: random(WRAPPED_KEY_BYTES) }),
      ephemeral: boxKey(),
      sealed: members.map((member) => ({ member, box: random(SEALED_KEY_BYTES) })),
    }
  }
}

export function cutEntry(
  document: DocumentId,
  device: TestDevice,
  sequence = device.endOf(document).sequence,
): CutEntry {
  const { incarnation, id } = device
  return { document, device: id, incarnation, sequence, hash: device.endOf(document).hash }
}

/** The same records for the place of others. */
export function asReplacement(...frames: readonly AppendFrame[]): Extract<Frame, { type: 'keyring-replace' }> {
  return { type: 'keyring-replace', records: frames.map(({ record, cut }) => ({ record, ...(cut && { cut }) })) }
}
