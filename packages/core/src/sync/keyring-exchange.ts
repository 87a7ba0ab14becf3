// The conversation about the keyring on one connection: both sides say how far theirs goes, and whoever has less is brought up to
// date, record after record. Nothing of the relay's is believed that does not verify.
import { bytesEqual, type Frame, type Hash } from '@owlivion/sync-protocol'
import { SyncError } from '../errors'

interface KeyringItem {
  readonly record: Uint8Array
  readonly cut?: Uint8Array
}

/** The keyring as the conversation sees it: a list of records that only grows. */
export interface ExchangedKeyring {
  readonly length: number
  readonly head: Hash
  recordAt(position: number): KeyringItem
  /** Hash of the record at this position. */
  hashAt(position: number): Hash
  /**
   * Verifies and stores records that follow the last one.
   * @throws SyncError `keyring-invalid`
   */
  extend(from: number, records: readonly KeyringItem[]): Promise<void>
}

/** What the conversation does to its connection. None of it has an effect once the connection is gone. */
export interface KeyringExchangeOptions {
  readonly keyring: ExchangedKeyring
  send(frame: Frame): void
  /** Both sides have the same keyring; `isRead`: because it was read, now. */
  inStep(isRead: boolean): void
  distrust(error: SyncError): void
  /** Ends the connection without a reproach. */
  fail(message: string): void
}

export class KeyringExchange {
  private isReading = false
  /** Asked for once more while it was being read. */
  private readsAgain = false
  private isEnded = false

  constructor(private readonly options: KeyringExchangeOptions) {}

  /** The relay says how far its keyring goes. */
  shown(length: number, head: Hash): void {
    const { keyring } = this.options
    if (length > keyring.length) {
      this.read()
      return
    }
    if (length > 0 && !bytesEqual(keyring.hashAt(length - 1), head)) {
      this.options.distrust(new SyncError('relay-forked', 'The relay has another keyring than this device.'))
      return
    }
    if (length < keyring.length) {
      // The relay is new to this account, or lost its end: any device can bring the keyring back.
      this.options.send({ type: 'keyring-append', ...keyring.recordAt(length), isRestored: true })
      return
    }
    this.options.inStep(false)
  }

  /** Asks for what follows the last record. */
  read(): void {
    // What is on its way may be older than what is asked for now.
    this.readsAgain = this.isReading
    if (this.isReading) return
    this.isReading = true
    this.options.send({ type: 'keyring-fetch', from: this.options.keyring.length })
  }

  /** An answer that took as long as a heartbeat was lost. */
  beat(): void {
    if (!this.isReading) return
    this.isReading = false
    this.read()
  }

  async received(frame: Extract<Frame, { type: 'keyring' }>): Promise<void> {
    const { keyring } = this.options
    try {
      await keyring.extend(frame.from, frame.records)
    } catch (cause) {
      this.options.distrust(
        cause instanceof SyncError
          ? cause
          : new SyncError('keyring-invalid', 'The keyring could not be read.', { cause }),
      )
      return
    }
    if (this.isEnded) return
    this.isReading = false
    if (this.readsAgain || (frame.length > keyring.length && frame.records.length > 0)) {
      this.read()
      return
    }
    if (frame.length > keyring.length) return
    if (frame.length < keyring.length) {
      // What it lacks can be sent when it has shown that what it has is the same: it does that at every login.
      this.options.fail('The relay has less of the keyring than this device.')
      return
    }
    this.options.inStep(true)
  }

  /** The connection is gone. */
  end(): void {
    this.isEnded = true
  }
}
