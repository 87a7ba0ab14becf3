// One side of a mailbox: a connection of its own that logs in nowhere. It ends once, and always with a reason.
import {
  decodeFrame,
  encodeFrame,
  type Frame,
  MAILBOX_MS,
  type MailboxId,
  type MailboxSide,
} from '@owlivion/sync-protocol'
import { isSyncError, SyncError } from '../errors'
import type { Platform, Socket } from '../platform'
import { refusalToError } from '../sync'

export interface MailboxHandlers {
  /** The other side is there. */
  met(): void
  received(message: Uint8Array): void
  /** Called once, and nothing after it; not when this side closes. */
  ended(error: SyncError): void
}

/** Proxies commonly cut a connection on which nothing was said for a minute. */
const PING_MS = 25_000
const CONNECT_TIMEOUT_MS = 15_000
/** The last word may be on its way still; the other side ends the connection when it has it. */
const LINGER_MS = 5_000

export class MailboxConnection {
  private readonly socket: Socket
  private readonly waiting: Uint8Array[] = []
  private isOpen = false
  private handlers: MailboxHandlers | undefined
  private isClosed = false
  private readonly timers = new Set<() => void>()

  constructor(
    private readonly platform: Platform,
    url: string,
    private readonly place: { readonly mailbox: MailboxId; readonly side: MailboxSide },
    handlers: MailboxHandlers,
  ) {
    this.handlers = handlers
    const timeout = this.timer(CONNECT_TIMEOUT_MS, () =>
      this.end(new SyncError('relay-unreachable', 'The relay did not answer in time.')),
    )
    // The relay's word is not needed for this.
    this.timer(MAILBOX_MS, () => this.end(expired('The pairing took too long.')))
    this.socket = platform.connect(url, {
      opened: () => {
        timeout()
        this.opened()
      },
      received: (bytes) => this.received(bytes),
      closed: () =>
        this.end(
          this.isOpen
            ? expired('The connection to the relay broke.')
            : new SyncError('relay-unreachable', 'The relay cannot be reached.'),
        ),
    })
  }

  put(message: Uint8Array): void {
    if (this.isOpen) this.send({ type: 'mailbox-put', bytes: message })
    else this.waiting.push(message)
  }

  /** Nothing is heard any more. @param options `linger`: something was just said, and shall arrive */
  close({ linger = false }: { readonly linger?: boolean } = {}): void {
    this.handlers = undefined
    if (linger && !this.isClosed) this.timer(LINGER_MS, () => this.end(expired('The pairing is over.')))
    else this.end(expired('The pairing is over.'))
  }

  private opened(): void {
    if (this.isClosed) return
    this.isOpen = true
    this.send({ type: 'mailbox-open', ...this.place })
    for (const bytes of this.waiting.splice(0)) this.send({ type: 'mailbox-put', bytes })
    this.pingLater()
  }

  private received(bytes: Uint8Array): void {
    let frame: Frame
    try {
      frame = decodeFrame(bytes)
    } catch (cause) {
      this.end(new SyncError('relay-misbehaved', 'The relay sent a message that cannot be read.', { cause }))
      return
    }
    if (frame.type === 'mailbox-met') this.handlers?.met()
    else if (frame.type === 'mailbox-message') this.handlers?.received(frame.bytes.slice())
    else if (frame.type === 'refused') {
      const error = refusalToError(frame)
      this.end(
        isSyncError(error, 'mailbox-expired') ? expired('The other device is gone, or it took too long.') : error,
      )
    }
  }

  private pingLater(): void {
    this.timer(PING_MS, () => {
      this.send({ type: 'ping', id: 0 })
      this.pingLater()
    })
  }

  private send(frame: Frame): void {
    if (!this.isClosed) this.socket.send(encodeFrame(frame))
  }

  private end(error: SyncError): void {
    if (this.isClosed) return
    this.isClosed = true
    for (const cancel of this.timers) cancel()
    // A transport may fail before its constructor has returned.
    this.socket?.close(1000, '')
    const { handlers } = this
    this.handlers = undefined
    handlers?.ended(error)
  }

  private timer(delayMs: number, act: () => void): () => void {
    const cancel = this.platform.setTimer(delayMs, () => {
      this.timers.delete(cancel)
      act()
    })
    this.timers.add(cancel)
    return () => {
      this.timers.delete(cancel)
      cancel()
    }
  }
}

function expired(message: string): SyncError {
  return new SyncError('pairing-expired', message)
}
