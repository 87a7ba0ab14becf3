// The new device's end: shows a code, waits, and becomes a member. The machine decides, the mailbox carries, and this ties them to the
// store and to the people.
import { codeMailbox, PAIRING_SECRET_BYTES } from '@owlivion/sync-protocol'
import { type DeviceKeys, fitDeviceInfo } from '../account'
import { type JoiningOptions, joinOptions, openAccount } from '../accounts'
import type { Sync } from '../client'
import { isSyncError, SyncError } from '../errors'
import { forgetJoining, joinAsAdded, keysForJoining, Listeners, ProfilePlace } from '../sync'
import type { TypedWay } from './agreement'
import { invitationToText, type ScannedWay, scannedWay } from './invitation'
import { MailboxConnection } from './mailbox-connection'
import { Newcomer, type NewcomerEffect, type Welcome } from './newcomer'
import { createTypedCode, showTypedCode } from './typed-code'

/**
 * Where a pairing stands on the new device.
 * - `waiting`: the code is to be shown
 * - `met`: the other device has it
 * - `comparing`: `digits` are to be compared with the other screen; then `confirmDigits` or `cancel`
 * - `confirmed`: the person at the other device has the word
 * - `approved`: `approvedBy` has let this device in; `confirmAccount` or `cancel` before data is merged into its account
 * - `joining`, `joined`, `failed`: `result` tells
 */
export type PairingOfferState =
  | 'waiting'
  | 'met'
  | 'comparing'
  | 'confirmed'
  | 'approved'
  | 'joining'
  | 'joined'
  | 'failed'

/** A device that asks to be let into an account. */
export interface PairingOffer {
  /** For a QR code: some 150 characters. Good for five minutes, once. */
  readonly qrText: string
  /** For typing instead: eight characters in two groups. */
  readonly code: string
  readonly state: PairingOfferState
  /** Six digits, once a person has typed the code on the other device. */
  readonly digits: string | undefined
  /** What people call the device that has let this one in. */
  readonly approvedBy: string | undefined
  /** Calls `listener` after every change. @returns a function that ends it */
  subscribe(listener: () => void): () => void
  /** The person here has found the same digits on both screens. */
  confirmDigits(): void
  /** The person here knows the device that has let this one in: the records of this store may go into its account. */
  confirmAccount(): void
  /** The person here does not want it any more, or found other digits. Nothing was stored; does nothing once this device is joining. */
  cancel(): void
  /**
   * The account, opened.
   * @throws SyncError `pairing-refused`, `pairing-mismatch`, `pairing-expired`, `mailbox-taken`, `relay-unreachable`, `unsupported-version`,
   * `keyring-invalid`, `device-removed` when it was removed again at once; the store is as it was then
   */
  readonly result: Promise<Sync>
}

/**
 * Asks to be let into an account: shows a code that a device of the account scans or a person types there. The store must hold no account, or
 * `existing` must be `merge`.
 * @throws SyncError `profile-exists`, `profile-in-use`, `profile-damaged`, `relay-unreachable` for an address that is none
 *
 * @example
 * import { startPairing } from '@owlivion/sync/pairing'
 * const offer = await startPairing({
 *   store: await openIndexedDbStore('mail'),
 *   relay: 'wss://relay.example.com',
 *   deviceName: 'phone',
 * })
 * console.log(offer.qrText, offer.code)
 * offer.subscribe(() => {
 *   if (offer.state === 'comparing' && confirm(`Does the other screen show ${offer.digits}?`)) offer.confirmDigits()
 * })
 * const sync = await offer.result
 */
export async function startPairing(options: JoiningOptions): Promise<PairingOffer> {
  const { platform, store, relay, existing } = joinOptions(options)
  const place = await ProfilePlace.prepare(platform, store, existing)
  try {
    return new Offer(options, place, await keysForJoining(platform, store, relay))
  } catch (error) {
    place.release()
    throw error
  }
}

/** One way of the two; whichever the other device comes by, the other is given up. */
interface Line {
  readonly way: ScannedWay | TypedWay
  readonly machine: Newcomer
  readonly mailbox: MailboxConnection
}

class Offer implements PairingOffer {
  state: PairingOfferState = 'waiting'
  digits: string | undefined
  approvedBy: string | undefined
  readonly qrText: string
  readonly code: string
  readonly result: Promise<Sync>
  private readonly listeners = new Listeners<[]>()
  private readonly join: ReturnType<typeof joinOptions>
  private lines: readonly Line[] = []
  private welcome: Welcome | undefined
  private settle!: { resolve(sync: Sync): void; reject(error: unknown): void }

  constructor(
    private readonly options: JoiningOptions,
    private readonly place: ProfilePlace,
    private readonly keys: DeviceKeys,
  ) {
    this.join = joinOptions(options)
    const { platform, relay } = this.join
    const { signing, box } = keys
    const scanned = scannedWay({ relay, keys: { signing, box }, secret: platform.random(PAIRING_SECRET_BYTES) })
    const code = createTypedCode(platform.random)
    this.qrText = invitationToText(scanned.invitation)
    this.code = showTypedCode(code)
    this.result = new Promise((resolve, reject) => {
      this.settle = { resolve, reject }
    })
    // An app may look at the state alone.
    this.result.catch(() => {})
    this.lines = [this.open(scanned), this.open({ kind: 'typed', mailbox: codeMailbox(platform.signing.sha512, code) })]
  }

  subscribe(listener: () => void): () => void {
    return this.listeners.add(listener)
  }

  confirmDigits(): void {
    const [line] = this.lines
    if (this.state !== 'comparing' || line === undefined) return
    this.enter('confirmed')
    this.perform(line, line.machine.confirmDigits())
  }

  confirmAccount(): void {
    if (this.state === 'approved') void this.finish()
  }

  cancel(): void {
    if (this.state === 'joining') return
    const isSomebodyThere = this.state !== 'waiting'
    if (isSomebodyThere) for (const line of this.lines) this.perform(line, line.machine.refuse())
    this.fail(new SyncError('pairing-refused', 'The pairing was cancelled on this device.'), {
      linger: isSomebodyThere,
    })
  }

  private open(way: ScannedWay | TypedWay): Line {
    const { platform, relay, info } = this.join
    const { signing, box } = this.keys
    const machine = new Newcomer({
      way,
      keys: { signing, box },
      ...fitDeviceInfo(info),
      tools: { sha512: platform.signing.sha512, random: platform.random },
    })
    const mailbox = new MailboxConnection(
      platform,
      relay,
      { mailbox: way.mailbox, side: 'newcomer' },
      {
        met: () => this.met(line),
        received: (message) => {
          // Whoever writes is there, also when the relay's word for it was lost on the way.
          this.met(line)
          this.perform(line, machine.received(message))
        },
        ended: (error) => this.ended(error),
      },
    )
    const line: Line = { way, machine, mailbox }
    this.perform(line, machine.begin())
    return line
  }

  private met(line: Line): void {
    if (this.state !== 'waiting') return
    for (const other of this.lines) if (other !== line) other.mailbox.close()
    this.lines = [line]
    this.enter('met')
  }

  private perform(line: Line, effects: readonly NewcomerEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'send') line.mailbox.put(effect.message)
      else if (effect.type === 'compare') {
        this.digits = effect.digits
        this.enter('comparing')
      } else if (effect.type === 'welcomed') this.welcomed(line, effect.welcome)
      else this.fail(new SyncError(effect.failure.code, effect.failure.message))
    }
  }

  private welcomed({ way }: Line, welcome: Welcome): void {
    this.welcome = welcome
    this.approvedBy = welcome.name
    this.enter('approved')
    // Whoever saw the scanned code could have drawn this device into an account of his own: nothing of this store goes there unasked.
    if (way.kind === 'typed' || !this.place.isTaken) void this.finish()
  }

  private async finish(): Promise<void> {
    const { welcome, options, keys, place } = this
    const [line] = this.lines
    if (welcome === undefined || line === undefined) return
    const { platform, relay } = this.join
    const { account, keyringLength: length, keyringHead: head } = welcome
    this.enter('joining')
    try {
      await joinAsAdded({ platform, place, relay, keys, account, keyring: { length, head } })
    } catch (error) {
      this.fail(error)
      return
    }
    place.release()
    this.perform(line, line.machine.finish())
    line.mailbox.close({ linger: true })
    this.lines = []
    try {
      const sync = await openAccount(options)
      this.enter('joined')
      this.settle.resolve(sync)
    } catch (error) {
      this.enter('failed')
      this.settle.reject(error)
    }
  }

  private ended(error: SyncError): void {
    // From the welcome on the other device is not needed any more.
    if (this.state !== 'approved' && this.state !== 'joining') this.fail(error)
  }

  /** @param options `linger`: the other side was just told why */
  private fail(error: unknown, options: { readonly linger?: boolean } = {}): void {
    if (this.state === 'failed' || this.state === 'joined') return
    this.enter('failed')
    for (const line of this.lines) line.mailbox.close(options)
    this.lines = []
    void this.giveUp(error)
  }

  private async giveUp(error: unknown): Promise<void> {
    try {
      // Keys that somebody refused or removed, or that went through the hands of somebody in between, are not offered again. Others
      // are: a member may have added them.
      const areSpent = (['pairing-refused', 'pairing-mismatch', 'device-removed'] as const).some((code) =>
        isSyncError(error, code),
      )
      if (areSpent) await forgetJoining(this.join.store)
    } catch {
      // They stay, and the next attempt asks with them: a member that removed them says no, and it is tried again then.
    } finally {
      this.place.release()
      this.settle.reject(error)
    }
  }

  private enter(state: PairingOfferState): void {
    this.state = state
    this.listeners.tell()
  }
}
