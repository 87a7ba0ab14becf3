// The member's end: is given a code, asks its person, lets the newcomer in and tells it so.
import { bytesToHex, codeMailbox, deviceIdOf } from '@owlivion/sync-protocol'
import { engineOf, type Sync } from '../client'
import { isSyncError, SyncError } from '../errors'
import { Listeners, type SyncEngine } from '../sync'
import type { TypedWay } from './agreement'
import { looksLikeInvitation, parseInvitation, type ScannedWay, scannedWay } from './invitation'
import { MailboxConnection } from './mailbox-connection'
import { type IntroducedDevice, Member, type MemberEffect } from './member'
import { parseTypedCode } from './typed-code'

/**
 * Where a pairing stands on the device that lets the other one in.
 * - `comparing`: `digits` are to be compared with the other screen, where a person has to confirm them, too; then `approve` or `refuse`
 * - `asking`: `newcomer` wants to join; `approve` or `refuse`
 * - `adding`: it is let in
 * - `added`: it is in the account, and is told so
 * - `joined`, `failed`: `result` tells
 */
export type PairingApprovalState = 'comparing' | 'asking' | 'adding' | 'added' | 'joined' | 'failed'

/** What a device that asks to be let in says of itself. */
export interface PairingNewcomer {
  /** Hex of the device id, as in `sync.devices()`. */
  readonly id: string
  readonly name: string
  readonly platform: string
}

/** A device that asks to be let into this account. */
export interface PairingApproval {
  readonly state: PairingApprovalState
  /** Known at once for a scanned code; for a typed one, when the person at the new device has confirmed the digits. */
  readonly newcomer: PairingNewcomer | undefined
  /** Six digits, for a typed code: let nobody in whose screen shows others. */
  readonly digits: string | undefined
  /** Calls `listener` after every change. @returns a function that ends it */
  subscribe(listener: () => void): () => void
  /** The person here lets it in, and found the same digits where there are any. Waits for the person at the new device. */
  approve(): void
  /** The person here does not. Does nothing once it is being added: remove it then. */
  refuse(): void
  /**
   * The device, when it has joined.
   * @throws SyncError `pairing-refused`, `pairing-mismatch`, `pairing-expired`, `mailbox-taken`; nobody was let in then. `pairing-unfinished`
   * when it was let in and did not say that it knows; `closed` when the account is closed meanwhile
   */
  readonly result: Promise<PairingNewcomer>
}

/** A device that waits for this code is there at once. */
const MEETING_MS = 15_000

/**
 * Takes the code of a device that wants to join this account.
 * @param text what the camera has read, or what a person typed: spaces, hyphens and case do not matter
 * @returns when the device was found; a person then has to approve it
 * @throws SyncError `pairing-code` for what is no code, `pairing-wrong-relay`, `pairing-not-found` when nobody shows it, `mailbox-taken` when
 * somebody else has used it, `relay-unreachable` also when this account is not online, `pairing-mismatch`
 *
 * @example
 * import { acceptPairing } from '@owlivion/sync/pairing'
 * const approval = await acceptPairing(sync, prompt('The code on the other screen') ?? '')
 * const question = approval.digits ? `Does it show ${approval.digits}?` : `Add ${approval.newcomer?.name}?`
 * if (confirm(question)) approval.approve()
 * else approval.refuse()
 * await approval.result
 */
export async function acceptPairing(sync: Sync, text: string): Promise<PairingApproval> {
  const engine = await engineOf(sync)
  const way = wayOf(engine, text)
  if (engine.connection !== 'online')
    throw new SyncError('relay-unreachable', 'This device must be online to let another one in.')
  const approval = new Approval(engine, way)
  await approval.whenFound
  return approval
}

function wayOf(engine: SyncEngine, text: string): ScannedWay | TypedWay {
  const { platform, profile } = engine
  if (!looksLikeInvitation(text))
    return { kind: 'typed', mailbox: codeMailbox(platform.signing.sha512, parseTypedCode(text)) }
  const invitation = parseInvitation(text)
  if (!isSameAddress(invitation.relay, profile.relay))
    throw new SyncError(
      'pairing-wrong-relay',
      `The new device waits at ${invitation.relay}, and this account is at ${profile.relay}.`,
    )
  return scannedWay(invitation)
}

function isSameAddress(a: string, b: string): boolean {
  try {
    return new URL(a).href === new URL(b).href
  } catch {
    // A code may hold anything.
    return false
  }
}

class Approval implements PairingApproval {
  state: PairingApprovalState = 'comparing'
  newcomer: PairingNewcomer | undefined
  digits: string | undefined
  readonly result: Promise<PairingNewcomer>
  /** Resolves when there is something to ask this device's person. */
  readonly whenFound: Promise<void>
  private found: () => void = () => {}
  private readonly listeners = new Listeners<[]>()
  private readonly machine: Member
  private readonly mailbox: MailboxConnection
  private readonly cancelMeeting: () => void
  private readonly forgetAccount: () => void
  private introduced: IntroducedDevice | undefined
  private isApproved = false
  private settle!: { resolve(device: PairingNewcomer): void; reject(error: unknown): void }

  constructor(
    private readonly engine: SyncEngine,
    way: ScannedWay | TypedWay,
  ) {
    const { platform, profile, account } = engine
    this.result = new Promise((resolve, reject) => {
      this.settle = { resolve, reject }
    })
    // An app may look at the state alone.
    this.result.catch(() => {})
    this.whenFound = new Promise((resolve, reject) => {
      this.found = resolve
      this.result.catch(reject)
    })
    const tools = { sha512: platform.signing.sha512, random: platform.random }
    this.machine = new Member({ way, account, tools })
    this.cancelMeeting = platform.setTimer(MEETING_MS, () =>
      this.fail(new SyncError('pairing-not-found', 'No device waits under this code.')),
    )
    this.mailbox = new MailboxConnection(
      platform,
      profile.relay,
      { mailbox: way.mailbox, side: 'member' },
      {
        met: () => {},
        received: (message) => this.perform(this.machine.received(message)),
        ended: (error) => this.ended(error),
      },
    )
    this.forgetAccount = engine.whenClosing(() => {
      this.fail(new SyncError('closed', 'The account was closed while it let a device in.'))
      // Also one that lingers.
      this.mailbox.close()
    })
  }

  subscribe(listener: () => void): () => void {
    return this.listeners.add(listener)
  }

  approve(): void {
    if (this.state !== 'comparing' && this.state !== 'asking') return
    this.isApproved = true
    if (this.introduced !== undefined) void this.add(this.introduced)
  }

  refuse(): void {
    if (this.state !== 'comparing' && this.state !== 'asking') return
    this.perform(this.machine.refuse())
    this.fail(new SyncError('pairing-refused', 'The new device was refused on this device.'), { linger: true })
  }

  private perform(effects: readonly MemberEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'send') this.mailbox.put(effect.message)
      else if (effect.type === 'compare') {
        this.digits = effect.digits
        this.show('comparing')
      } else if (effect.type === 'introduced') this.meet(effect.newcomer)
      else if (effect.type === 'finished') this.finish()
      else this.ended(new SyncError(effect.failure.code, effect.failure.message))
    }
  }

  /** There is something for a person to see. */
  private show(state: PairingApprovalState): void {
    this.cancelMeeting()
    this.enter(state)
    this.found()
  }

  private meet(introduced: IntroducedDevice): void {
    const { keys, name, platform } = introduced
    this.introduced = introduced
    const id = bytesToHex(deviceIdOf(this.engine.platform.signing.sha512, keys.signing))
    this.newcomer = { id, name, platform }
    this.show('asking')
    if (this.isApproved) void this.add(introduced)
  }

  private async add({ keys, name, platform }: IntroducedDevice): Promise<void> {
    this.enter('adding')
    const { engine } = this
    try {
      // A device that was added by an attempt that broke off is a member already, and this is done at once.
      await engine.membership.addMember(keys, 'device', { name, platform, addedAtMs: engine.now() })
    } catch (error) {
      // Keys that were removed stay out: the new device takes others when it hears that it was refused.
      if (isSyncError(error, 'device-removed')) this.perform(this.machine.refuse())
      this.fail(error, { linger: true })
      return
    }
    if (this.state !== 'adding') return
    const { length, head } = engine.keyring()
    const self = engine.devices().find((device) => device.isThisDevice)
    this.enter('added')
    this.perform(
      this.machine.welcome({
        account: engine.account,
        keyringLength: length,
        keyringHead: head,
        name: self?.name ?? '',
      }),
    )
  }

  private finish(): void {
    const { newcomer } = this
    if (newcomer === undefined) return
    this.forgetAccount()
    this.mailbox.close()
    this.enter('joined')
    this.settle.resolve(newcomer)
  }

  /** Nothing more comes from the newcomer. */
  private ended(error: SyncError): void {
    const isIn = this.state === 'adding' || this.state === 'added'
    this.fail(
      isIn
        ? new SyncError('pairing-unfinished', 'The new device was let in, and then did not say that it has joined.', {
            cause: error,
          })
        : error,
    )
  }

  /** @param options `linger`: the other side was just told why */
  private fail(error: unknown, options: { readonly linger?: boolean } = {}): void {
    if (this.state === 'failed' || this.state === 'joined') return
    this.cancelMeeting()
    // A transport may fail before there is a mailbox.
    this.mailbox?.close(options)
    this.enter('failed')
    this.settle.reject(error)
  }

  private enter(state: PairingApprovalState): void {
    this.state = state
    this.listeners.tell()
  }
}
