// Where two devices meet of which one is no member yet. Nobody has logged in, so a mailbox gives nothing but a place: two sides,
// each given once, a few small messages, a few minutes. That a side is never given twice is what makes a code single-use: whoever
// reads it off the screen second is turned away, and the people at the screens hear of it. In memory only; a relay that restarts
// costs them a new code.
import {
  bytesToHex,
  encodeFrame,
  type FrameType,
  MAILBOX_MS,
  MAX_MAILBOX_MESSAGES,
  type MailboxId,
  type MailboxSide,
} from '@owlivion/sync-protocol'
import { RelayError } from './errors'
import type { RelayLimits } from './limits'
import type { RelayPlatform } from './platform'

/** A connection that stands at a mailbox. */
export interface MailboxGuest {
  /** Where it comes from, as far as the transport knows. */
  readonly address: string
  send(frame: Uint8Array): void
  refuse(request: FrameType | '', error: RelayError): void
}

/** One side of a mailbox, for as long as its connection lasts. */
export interface MailboxSeat {
  /** Until the mailbox ends, in ms. */
  readonly remainingMs: number
  /** @throws RelayError `too-many-requests` when this side has left all the messages it may */
  put(message: Uint8Array): void
  /** The connection is gone: so is the mailbox. */
  leave(): void
}

interface Side {
  readonly guest: MailboxGuest
  messages: number
}

interface Mailbox {
  readonly expiresAtMs: number
  /** A side stays here when its connection has ended, so that it is not given again. */
  readonly sides: Map<MailboxSide, Side>
  /** For the side that has not come yet. */
  readonly waiting: Uint8Array[]
  isOver: boolean
}

type Bounds = Pick<RelayLimits, 'maxMailboxes' | 'maxMailboxesPerAddress'>

export class Mailboxes {
  /** Oldest first. Those that are over stay until their time is up. */
  private readonly mailboxes = new Map<string, Mailbox>()

  constructor(
    private readonly platform: Pick<RelayPlatform, 'now'>,
    private readonly limits: Bounds,
  ) {}

  /**
   * Gives one side of the mailbox to this connection.
   * @throws RelayError `mailbox-taken` when it was given before, `mailbox-expired` when the mailbox ended before this side came,
   * `too-many-requests`
   */
  take(id: MailboxId, name: MailboxSide, guest: MailboxGuest): MailboxSeat {
    this.forgetExpired()
    const mailbox = this.mailboxes.get(bytesToHex(id)) ?? this.create(id, guest.address)
    if (mailbox.sides.has(name)) {
      endMailbox(mailbox, 'mailbox-taken')
      throw new RelayError('mailbox-taken')
    }
    if (mailbox.isOver) throw new RelayError('mailbox-expired')
    const side: Side = { guest, messages: 0 }
    mailbox.sides.set(name, side)
    if (mailbox.sides.size === 2) meet(mailbox, guest)
    return {
      remainingMs: Math.max(0, mailbox.expiresAtMs - this.platform.now()),
      put: (message) => put(mailbox, side, message),
      leave: () => {
        // The side stays given, the other one hears that nobody is there any more.
        if (!mailbox.isOver) endMailbox(mailbox, 'mailbox-expired', side)
      },
    }
  }

  private create(id: MailboxId, address: string): Mailbox {
    const mailboxes = [...this.mailboxes.values()]
    const isFrom = (mailbox: Mailbox): boolean => [...mailbox.sides.values()][0]?.guest.address === address
    const isFull = mailboxes.length >= this.limits.maxMailboxes
    if (isFull || mailboxes.filter(isFrom).length >= this.limits.maxMailboxesPerAddress) {
      const soonestMs = mailboxes.find((mailbox) => isFull || isFrom(mailbox))?.expiresAtMs ?? 0
      const retryAfterMs = Math.max(0, soonestMs - this.platform.now())
      throw new RelayError('too-many-requests', undefined, { retryAfterMs })
    }
    const expiresAtMs = this.platform.now() + MAILBOX_MS
    const mailbox: Mailbox = { expiresAtMs, sides: new Map(), waiting: [], isOver: false }
    this.mailboxes.set(bytesToHex(id), mailbox)
    return mailbox
  }

  private forgetExpired(): void {
    const now = this.platform.now()
    for (const [id, mailbox] of this.mailboxes) {
      // A clock that was set back must not keep it for longer either.
      if (mailbox.expiresAtMs > now && mailbox.expiresAtMs <= now + MAILBOX_MS) continue
      endMailbox(mailbox, 'mailbox-expired')
      this.mailboxes.delete(id)
    }
  }
}

/** The second side is there: both hear it, and it gets what the first has left for it. */
function meet({ sides, waiting }: Mailbox, second: MailboxGuest): void {
  for (const { guest } of sides.values()) guest.send(encodeFrame({ type: 'mailbox-met' }))
  for (const message of waiting.splice(0)) second.send(message)
}

function put(mailbox: Mailbox, from: Side, message: Uint8Array): void {
  if (from.messages === MAX_MAILBOX_MESSAGES) throw new RelayError('too-many-requests')
  from.messages++
  const frame = encodeFrame({ type: 'mailbox-message', bytes: message })
  if (mailbox.sides.size < 2) mailbox.waiting.push(frame)
  else for (const side of mailbox.sides.values()) if (side !== from) side.guest.send(frame)
}

function endMailbox(mailbox: Mailbox, code: 'mailbox-taken' | 'mailbox-expired', except?: Side): void {
  const guests = mailbox.isOver ? [] : [...mailbox.sides.values()].filter((side) => side !== except)
  mailbox.isOver = true
  mailbox.waiting.length = 0
  for (const { guest } of guests) guest.refuse('', new RelayError(code))
}
