// What this device shows of itself in its documents, such as a cursor, and what the others show. Nothing of it is stored, neither here nor at
// the relay: whoever comes is shown what is here now, and what is not shown again is forgotten.
import {
  bytesToHex,
  type DocumentId,
  type Frame,
  MAX_PRESENCE_STATES,
  type PresenceState,
  type Refusal,
} from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import { type AccountContext, randomUint32 } from '../account-context'
import { type OnPresence, PresenceRoom } from './presence-room'
import { type OpenedPresence, openPresence, sealPresence } from './sealed-presence'

/** At most this often for one document: a cursor that moves with every key is followed by the eye, not more. */
const SEND_INTERVAL_MS = 60
/** What the relay refuses for no time that it says is tried again after this. */
const REFUSED_WAIT_MS = 1_000

/** One editor's place among those who show themselves in a document. */
export interface PresenceMember {
  /** Shows states of this editor that are new or changed; one without a state is gone. */
  show(states: readonly PresenceState[]): void
  /** What it showed is gone. */
  leave(): void
}

export class Presence {
  private readonly rooms = new Map<string, PresenceRoom>()
  /** Documents that the relay sends news of, on this connection. */
  private readonly followed = new Set<string>()
  private send: ((frame: Frame) => void) | undefined
  private incarnation = 0
  /** Counts what was shown in this incarnation, in all documents: a document may be left and joined again. */
  private sequence = 0

  constructor(
    private readonly context: AccountContext,
    private readonly documentId: (name: string) => DocumentId,
  ) {}

  /** @param heard called with what others show; at once with those who are there */
  join(name: string, heard: OnPresence): PresenceMember {
    const document = this.documentId(name)
    const key = bytesToHex(document)
    const room = this.rooms.get(key) ?? new PresenceRoom(document)
    this.rooms.set(key, room)
    const known = room.known()
    room.members.add(heard)
    if (known.length > 0) heard(known)
    const { platform } = this.context
    return {
      show: (states) => {
        room.show(heard, states, platform.now())
        this.schedule(room)
      },
      leave: () => {
        if (room.leave(heard, platform.now())) this.schedule(room)
        if (room.members.size === 0 && room.cancelTimer === undefined) this.rooms.delete(key)
      },
    }
  }

  connected(send: (frame: Frame) => void): void {
    this.send = send
    this.incarnation = randomUint32(this.context.platform)
  }

  disconnected(): void {
    this.send = undefined
    this.followed.clear()
    for (const room of this.rooms.values()) room.disconnected()
  }

  /** The relay has answered a question about the document: it sends what others show there from now on. */
  subscribed(document: DocumentId): void {
    const key = bytesToHex(document)
    if (this.followed.has(key)) return
    this.followed.add(key)
    const room = this.rooms.get(key)
    if (room !== undefined) this.schedule(room)
  }

  received({ document, envelope }: Extract<Frame, { type: 'presence' }>): void {
    const room = this.rooms.get(bytesToHex(document))
    if (room === undefined) return
    let opened: OpenedPresence | undefined
    try {
      opened = openPresence(this.context, document, envelope)
    } catch (cause) {
      const message = 'The relay sent a presence that does not open.'
      this.context.report(new SyncError('relay-misbehaved', message, { cause }))
      return
    }
    if (opened !== undefined && room.received(opened)) this.schedule(room)
  }

  gone({ document, device }: Extract<Frame, { type: 'presence-gone' }>): void {
    this.rooms.get(bytesToHex(document))?.gone(device)
  }

  refused({ document, retryAfterMs = REFUSED_WAIT_MS }: Refusal): void {
    const room = document && this.rooms.get(bytesToHex(document))
    if (room === undefined) return
    room.waitUntilMs = this.context.platform.now() + retryAfterMs
    this.schedule(room)
  }

  private schedule(room: PresenceRoom): void {
    const { platform } = this.context
    if (this.send === undefined || !this.followed.has(bytesToHex(room.document)) || room.cancelTimer !== undefined)
      return
    const now = platform.now()
    const sinceMs = Math.abs(now - room.lastSentMs)
    const waitMs = Math.max(0, SEND_INTERVAL_MS - sinceMs, Math.min(room.waitUntilMs - now, REFUSED_WAIT_MS * 60))
    room.cancelTimer = platform.setTimer(waitMs, () => {
      room.cancelTimer = undefined
      this.tell(room)
    })
  }

  private tell(room: PresenceRoom): void {
    const { context, incarnation } = this
    const { document } = room
    const states = room.toSend(context.platform.now(), MAX_PRESENCE_STATES)
    if (room.members.size === 0) this.rooms.delete(bytesToHex(document))
    if (states.length === 0 || this.send === undefined || context.isRemoved) return
    room.lastSentMs = context.platform.now()
    const envelope = sealPresence(context, document, { incarnation, sequence: ++this.sequence }, states)
    this.send({ type: 'presence-put', document, envelope })
  }
}
