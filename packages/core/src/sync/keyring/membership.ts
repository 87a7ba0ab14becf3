// What this device does about who belongs to the account and by which phrase: the undertakings, the phrase while it is unconfirmed, and
// the open request for another. Listens to the keyring, so that it does not matter who changed it.
import {
  activeDevice,
  activeDevices,
  bytesEqual,
  bytesToHex,
  type CutEntry,
  type DeviceDescription,
  type DeviceId,
  decodeSignedRecord,
  decodeWhole,
  findDevice,
  hexToBytes,
  type PublicKeys,
  type ReissueRequest,
  Writer,
} from '@owlivion/sync-protocol'
import {
  type DeviceInfo,
  type DeviceKeys,
  parseRecoveryPhrase,
  phraseText,
  proveRecovery,
  type RecoveryKeys,
  recoveryKeysOf,
} from '../../account'
import { SyncError } from '../../errors'
import type { Platform } from '../../platform'
import type { Store, StoreBatch, StoreKey } from '../../storage'
import { LiveRequests } from '../connection/live-requests'
import type { AccountKeyring } from './account-keyring'
import { KeyringAuthor } from './keyring-author'
import { decodeOwed, type Owed, owedPrefix, owedRekey } from './owed'
import { type PhraseAnswer, PhraseKeeper, type PhraseQuestion } from './phrase-keeper'

/** When this device first saw the open request for a new phrase. */
const requestSeenKey: StoreKey = ['request-seen']

/** Something that this device has yet to do to the account; it is done as soon as the relay can be reached, also after a restart. */
export interface OwedTask {
  readonly kind: 'remove' | 'rekey' | 'leave' | 'request' | 'approve' | 'veto' | 'reissue'
  /** Hex ids, of a removal. */
  readonly devices?: readonly string[]
}

/** An open wish for a new recovery phrase that the old one did not sign. */
export interface ReissueDetails {
  /** Hex of the id of the device that asks. */
  readonly requestedBy: string
  /** When this device learned of it, by the corrected clock; undefined for the moment until that is stored. */
  readonly requestedAtMs: number | undefined
  /** This device asked for it. */
  readonly isMine: boolean
}

export interface MembershipContext {
  readonly platform: Platform
  readonly store: Store
  readonly keys: DeviceKeys
  readonly keyring: AccountKeyring
  /** Commits strictly. */
  write(batch: StoreBatch): Promise<void>
  chainEnds(devices: readonly DeviceId[]): Promise<readonly CutEntry[]>
  isClean(): boolean
  now(): number
  report(error: SyncError): void
  onStatus(): void
}

interface RequestSeen {
  readonly position: number
  readonly timeMs: number
}

export class Membership {
  readonly requests: LiveRequests
  private readonly author: KeyringAuthor

  private constructor(
    private readonly context: MembershipContext,
    private readonly phrases: PhraseKeeper,
    owed: readonly (readonly [number, Owed])[],
    private requestSeen: RequestSeen | undefined,
  ) {
    const { platform, keys, keyring } = context
    this.requests = new LiveRequests(platform, () => this.author.wake())
    this.author = new KeyringAuthor(
      {
        platform,
        keys,
        keyring,
        requests: this.requests,
        store: context.write,
        chainEnds: context.chainEnds,
        isClean: context.isClean,
        requestSeenAtMs: () => this.reissue?.requestedAtMs,
        now: context.now,
        report: context.report,
        onOwed: context.onStatus,
      },
      owed,
    )
    keyring.changes.add(() => this.keyringChanged())
    this.keyringChanged()
  }

  /** @throws SyncError `profile-damaged` */
  static async open(context: MembershipContext): Promise<Membership> {
    const { platform, store } = context
    const [phrases, rows, seen] = await Promise.all([
      PhraseKeeper.open(platform, store, context.write),
      store.list(owedPrefix),
      store.get(requestSeenKey),
    ])
    const owed = rows.map(([key, bytes]) => [key[1] as number, decodeOwed(bytes)] as const)
    return new Membership(context, phrases, owed, seen && decodeSeen(seen))
  }

  /** Documents or the connection changed. */
  statusChanged(): void {
    this.author.wake()
  }

  close(): void {
    this.author.close()
  }

  /** Something waits for nothing but a connection, or is being done on it. */
  get needsConnection(): boolean {
    return this.author.needsConnection
  }

  // -- devices

  get owed(): readonly OwedTask[] {
    return this.author.owed.map((owed) => ({
      kind: owed.kind,
      ...('devices' in owed && { devices: owed.devices.map(bytesToHex) }),
    }))
  }

  /** This device has signed itself out, and only its rows are left. */
  get hasLeft(): boolean {
    const { keyring, keys } = this.context
    const position = findDevice(keyring.state, keys.id)?.removedAt
    if (position === undefined) return false
    return decodeSignedRecord(keyring.recordAt(position).record).record.type === 'leave'
  }

  async removeDevices(ids: readonly string[]): Promise<void> {
    const { state } = this.context.keyring
    const devices = ids.map((id) => this.deviceOf(id)).filter((id) => activeDevice(state, id) !== undefined)
    if (devices.length > 0) await this.author.undertake({ kind: 'remove', devices })
  }

  /**
   * Lets somebody in whose keys this device knows to be theirs.
   * @returns when the keyring has it
   * @throws SyncError what the relay or the rules refuse it with; `closed` when this device is closed first, and then it may or may not be in
   */
  addMember(device: PublicKeys, role: DeviceDescription['role'], info: DeviceInfo): Promise<void> {
    return this.author.doNow({ kind: 'add', device, role, info })
  }

  /** @param withSignInKeys also those that a password or passkey unlocks, which are no devices */
  async removeOtherDevices(withSignInKeys: boolean): Promise<void> {
    const others = activeDevices(this.context.keyring.state.devices).filter(
      ({ id, role }) => (withSignInKeys || role === 'device') && !bytesEqual(id, this.context.keys.id),
    )
    if (others.length > 0) await this.author.undertake({ kind: 'remove', devices: others.map(({ id }) => id) })
  }

  rotateKeys(): Promise<void> {
    return this.author.undertake(owedRekey(this.context.keyring.state))
  }

  leave(): Promise<void> {
    return this.author.undertake({ kind: 'leave' })
  }

  private deviceOf(id: string): DeviceId {
    const { keyring, keys } = this.context
    const device = /^[0-9a-f]{32}$/i.test(id) ? findDevice(keyring.state, hexToBytes(id) as DeviceId) : undefined
    if (device === undefined) throw new SyncError('device-unknown', `The account has no device ${id}.`)
    if (bytesEqual(device.id, keys.id))
      throw new SyncError('keyring-refused', 'A device does not remove itself; it signs out.')
    return device.id
  }

  // -- the phrase

  get isPhraseConfirmed(): boolean {
    return this.phrases.unconfirmed(this.context.keyring.state) === undefined
  }

  async unconfirmedPhrase(): Promise<string | undefined> {
    const phrase = this.phrases.unconfirmed(this.context.keyring.state)
    return phrase && phraseText(phrase.entropy)
  }

  phraseQuestions(): readonly PhraseQuestion[] {
    return this.phrases.questions(this.context.keyring.state)
  }

  async confirmPhrase(answers: readonly PhraseAnswer[]): Promise<void> {
    await this.phrases.confirm(this.context.keyring.state, answers)
    this.context.onStatus()
  }

  get reissue(): ReissueDetails | undefined {
    const request = this.context.keyring.state.reissueRequest
    if (request === undefined) return undefined
    const { requestSeen } = this
    return {
      requestedBy: bytesToHex(request.signer),
      requestedAtMs: requestSeen?.position === request.position ? requestSeen.timeMs : undefined,
      isMine: bytesEqual(request.signer, this.context.keys.id),
    }
  }

  async reissuePhrase(phrase: string): Promise<string> {
    const recovery = await this.ownRecovery(phrase)
    const { entropy } = await this.phrases.draft()
    await this.author.doNow({ kind: 'reissue', recovery, next: recoveryKeysOf(entropy) })
    return phraseText(entropy)
  }

  async requestReissue(): Promise<string> {
    const { state } = this.context.keyring
    if (state.reissueRequest !== undefined)
      throw new SyncError('keyring-refused', 'A new recovery phrase is asked for already.')
    let asked: Promise<void> | undefined
    const { entropy } = await this.phrases.draft(async (batch, keys) => {
      const next = await proveRecovery(this.context.platform.signing, state.account, keys)
      // Both in one commit: a wish without its phrase could not be fulfilled.
      asked = this.author.undertake({ kind: 'request', next, after: state.length }, batch)
      asked.catch(() => {})
    })
    await asked
    return phraseText(entropy)
  }

  async approveReissue(): Promise<void> {
    const { position, next, signer } = this.openRequest()
    if (bytesEqual(signer, this.context.keys.id))
      throw new SyncError('reissue-early', 'Another device than the one that asked for the phrase must approve it.')
    await this.author.undertake({ kind: 'approve', request: position, next })
  }

  async vetoReissue(phrase: string | undefined): Promise<void> {
    const recovery = phrase === undefined ? undefined : await this.ownRecovery(phrase)
    const { position: request, next } = this.openRequest()
    if (recovery === undefined) await this.author.undertake({ kind: 'veto', request, next })
    else await this.author.doNow({ kind: 'veto', recovery, request, next })
  }

  private openRequest(): ReissueRequest {
    const { reissueRequest } = this.context.keyring.state
    if (reissueRequest === undefined)
      throw new SyncError('keyring-refused', 'Nobody asks for a new recovery phrase at this time.')
    return reissueRequest
  }

  private async ownRecovery(phrase: string): Promise<RecoveryKeys> {
    const recovery = recoveryKeysOf(await parseRecoveryPhrase(phrase))
    if (!bytesEqual(recovery.signing, this.context.keyring.state.recovery.signing))
      throw new SyncError('wrong-account', 'The recovery phrase is not the one of this account.')
    return recovery
  }

  private keyringChanged(): void {
    const { keyring, write } = this.context
    const { reissueRequest } = keyring.state
    // Closing rejects what cannot be written any more; the next start follows again.
    void this.phrases.follow(keyring).catch(() => {})
    if (reissueRequest !== undefined && this.requestSeen?.position !== reissueRequest.position) {
      this.requestSeen = { position: reissueRequest.position, timeMs: this.context.now() }
      void write({ put: [[requestSeenKey, encodeSeen(this.requestSeen)]] }).catch(() => {})
    }
    this.author.wake({ keyringChanged: true })
    this.context.onStatus()
  }
}

const ROW_VERSION = 1

function encodeSeen({ position, timeMs }: RequestSeen): Uint8Array {
  return new Writer()
    .byte(ROW_VERSION)
    .varUint(position)
    .varUint(Math.max(0, Math.floor(timeMs)))
    .finish()
}

function decodeSeen(bytes: Uint8Array): RequestSeen {
  try {
    return decodeWhole(bytes, (reader) => {
      if (reader.byte() !== ROW_VERSION) throw new SyncError('profile-damaged', 'It was written by another version.')
      return { position: reader.varUint(), timeMs: reader.varUint() }
    })
  } catch (cause) {
    throw new SyncError('profile-damaged', 'When a new phrase was asked for cannot be read.', { cause })
  }
}
