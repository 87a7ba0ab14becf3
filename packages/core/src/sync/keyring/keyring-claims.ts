// What the other devices say of the keyring, inside what they sealed: how far it went when they wrote. A relay that hides a record from one
// device cannot take it out of what the others write; so a device that reads of a keyring that goes further than its own asks for it,
// and until the relay shows it, seals nothing: it might seal for a device that is out.
//
// A claim is believed of an active device only, and its latest one counts. Later is what stands further on in the same log, so that an
// old row that a relay shows again takes nothing back.
//
//   ['keyring-claim', device]   the latest of a device that goes beyond what this one has
import {
  activeDevice,
  bytesEqual,
  bytesToHex,
  type DeviceId,
  DOCUMENT_ID_BYTES,
  type DocumentId,
  decodeWhole,
  HASH_BYTES,
  type Hash,
  hexToBytes,
  type KeyringHead,
  type KeyringState,
  Writer,
} from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import type { Store, StoreBatch, StoreKey } from '../../storage'

const claimPrefix: StoreKey = ['keyring-claim']
const ROW_VERSION = 1

/** Where something was said: in this document's log, no earlier than at this number. */
export interface ClaimPlace {
  readonly document: DocumentId
  readonly number: number
}

interface Claim extends ClaimPlace, KeyringHead {}

/** The keyring as claims are held against it. */
interface ClaimedKeyring {
  readonly state: KeyringState
  hashAt(position: number): Hash
}

export class KeyringClaims {
  private readonly forkedBy = new Set<string>()

  private constructor(
    private readonly keyring: ClaimedKeyring,
    private readonly self: DeviceId,
    private readonly claims: Map<string, Claim>,
    private readonly store: (batch: StoreBatch) => Promise<void>,
    private readonly report: (error: SyncError) => void,
  ) {}

  /** @throws SyncError `profile-damaged` */
  static async open(
    store: Store,
    keyring: ClaimedKeyring,
    self: DeviceId,
    write: (batch: StoreBatch) => Promise<void>,
    report: (error: SyncError) => void,
  ): Promise<KeyringClaims> {
    const rows = await store.list(claimPrefix)
    const claims = new Map(rows.map(([key, bytes]) => [key[1] as string, decodeClaim(bytes)]))
    const opened = new KeyringClaims(keyring, self, claims, write, report)
    opened.keyringChanged()
    return opened
  }

  /** Somebody has read a record that this device was not shown. */
  get isHidden(): boolean {
    return this.claims.size > 0
  }

  /** @returns true when the keyring is to be read because of it */
  note(device: DeviceId, place: ClaimPlace, { length, hash }: KeyringHead): boolean {
    if (bytesEqual(device, this.self) || activeDevice(this.keyring.state, device) === undefined) return false
    const key = bytesToHex(device)
    const before = this.claims.get(key)
    const isLater =
      before === undefined || (bytesEqual(before.document, place.document) && place.number > before.number)
    if (!isLater && length <= before.length) return false
    const claim: Claim = {
      document: place.document.slice() as DocumentId,
      number: place.number,
      length,
      hash: hash.slice() as Hash,
    }
    if (this.isReached(key, claim)) this.forget(key)
    else {
      this.claims.set(key, claim)
      // In the writer's queue before the entry that says it; closing rejects both.
      void this.store({ put: [[[...claimPrefix, key], encodeClaim(claim)]] }).catch(() => {})
    }
    return this.claims.has(key)
  }

  /** Records came, or another branch: what was said may be true now, or have been said by somebody who is out. */
  keyringChanged(): void {
    for (const [key, claim] of this.claims) {
      const isMember = activeDevice(this.keyring.state, hexToBytes(key) as DeviceId) !== undefined
      if (!isMember || this.isReached(key, claim)) this.forget(key)
    }
  }

  /** True when this keyring goes as far; whether it is the same is another question, and reported. */
  private isReached(key: string, { length, hash }: KeyringHead): boolean {
    if (length > this.keyring.state.length) return false
    if (length > 0 && !bytesEqual(this.keyring.hashAt(length - 1), hash) && !this.forkedBy.has(key)) {
      this.forkedBy.add(key)
      const message = `Device ${key} was shown another keyring of this account than this device.`
      this.report(new SyncError('relay-forked', message))
    }
    return true
  }

  private forget(key: string): void {
    if (!this.claims.delete(key)) return
    void this.store({ remove: [[...claimPrefix, key]] }).catch(() => {})
  }
}

function encodeClaim({ document, number, length, hash }: Claim): Uint8Array {
  return new Writer().byte(ROW_VERSION).fixed(document).varUint(number).varUint(length).fixed(hash).finish()
}

function decodeClaim(bytes: Uint8Array): Claim {
  try {
    return decodeWhole(bytes, (reader) => {
      if (reader.byte() !== ROW_VERSION) throw new SyncError('profile-damaged', 'It was written by another version.')
      return {
        document: reader.fixed<DocumentId>(DOCUMENT_ID_BYTES).slice() as DocumentId,
        number: reader.varUint(),
        length: reader.varUint(),
        hash: reader.fixed<Hash>(HASH_BYTES).slice() as Hash,
      }
    })
  } catch (cause) {
    throw new SyncError('profile-damaged', 'What a device said of the keyring cannot be read.', { cause })
  }
}
