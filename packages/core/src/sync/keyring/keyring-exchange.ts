// The conversation about the keyring on one connection: both sides say how far theirs goes, and whoever has less is brought up to
// date, record after record. Nothing of the relay's is believed that does not verify.
import {
  type BranchChoice,
  bytesEqual,
  type Frame,
  type Hash,
  MAX_FRAME_BYTES,
  MAX_KEYRING_RECORDS,
  type Sha512,
} from '@owlivion/sync-protocol'
import { isSyncError, SyncError } from '../../errors'
import { BranchSearch } from './branch-search'

interface KeyringItem {
  readonly record: Uint8Array
  readonly cut?: Uint8Array
}

/** The keyring as the conversation sees it. */
export interface ExchangedKeyring {
  readonly length: number
  readonly head: Hash
  recordAt(position: number): KeyringItem
  /** Hash of the record at this position. */
  hashAt(position: number): Hash
  /**
   * Verifies and stores records that follow the last one.
   * @throws SyncError `keyring-conflict` when they follow another, `keyring-invalid`, `reissue-early`
   */
  extend(from: number, records: readonly KeyringItem[]): Promise<void>
  /** Decides between the end of this keyring and another branch, and takes the other when that counts more. @throws as `extend` */
  meetBranch(from: number, records: readonly KeyringItem[]): Promise<BranchChoice>
  /** The relay has the same. */
  agreed(): void
}

/** Lengths and flags around a record and its cut, and its part of what is around all of them. */
const ITEM_OVERHEAD_BYTES = 64

/** What the conversation does to its connection. None of it has an effect once the connection is gone. */
export interface KeyringExchangeOptions {
  readonly sha512: Sha512
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
  /** From where it was asked for last. */
  private readFrom = 0
  /** Asked for once more while it was being read. */
  private readsAgain = false
  private isEnded = false
  /** The relay's keyring is another than this one: where they part is being looked for. */
  private search: BranchSearch | undefined
  /** This device's branch counts more, and the relay was given its records up to here. */
  private replacedThrough: number | undefined
  /** The relay does not know this device, and was given the whole keyring. */
  private isBrought = false

  constructor(private readonly options: KeyringExchangeOptions) {}

  /** The relay says how far its keyring goes. */
  shown(length: number, head: Hash): void {
    const { keyring } = this.options
    if (length > keyring.length) {
      this.read()
      return
    }
    if (length > 0 && !bytesEqual(keyring.hashAt(length - 1), head)) {
      this.findBranch(length)
      return
    }
    // What the relay takes of a branch it tells record by record.
    if (length < (this.replacedThrough ?? 0)) return
    if (length < keyring.length) {
      // The relay is new to this account, or lost its end: any device can bring the keyring back.
      if (length === 0 && keyring.length > 1) this.bring()
      else this.options.send({ type: 'keyring-append', ...keyring.recordAt(length), isRestored: true })
      return
    }
    this.agreed(false)
  }

  /** Asks for what follows the last record. */
  read(): void {
    if (this.search !== undefined) return
    // What is on its way may be older than what is asked for now.
    this.readsAgain = this.isReading
    if (this.isReading) return
    this.isReading = true
    this.readFrom = this.options.keyring.length
    this.options.send({ type: 'keyring-fetch', from: this.readFrom })
  }

  /** An answer that took as long as a heartbeat was lost. */
  beat(): void {
    if (this.search !== undefined) this.fetchBranch(this.search)
    if (!this.isReading) return
    this.isReading = false
    this.read()
  }

  async received(frame: Extract<Frame, { type: 'keyring' }>): Promise<void> {
    try {
      if (this.search === undefined) await this.readOn(frame)
      else if (frame.from === this.search.next) await this.searchOn(this.search, frame)
    } catch (cause) {
      this.options.distrust(
        cause instanceof SyncError
          ? cause
          : new SyncError('keyring-invalid', 'The keyring could not be read.', { cause }),
      )
    }
  }

  /** The relay was shown that another branch counts than the one it had. */
  get hasReplaced(): boolean {
    return this.replacedThrough !== undefined
  }

  /** The relay was given the whole keyring: it will not let this device read its own unless it takes that. */
  get hasBrought(): boolean {
    return this.isBrought
  }

  /** The connection is gone. */
  end(): void {
    this.isEnded = true
  }

  private agreed(isRead: boolean): void {
    this.options.keyring.agreed()
    this.options.inStep(isRead)
  }

  private async readOn(frame: Extract<Frame, { type: 'keyring' }>): Promise<void> {
    const { keyring } = this.options
    try {
      await keyring.extend(frame.from, frame.records)
    } catch (error) {
      if (!isSyncError(error, 'keyring-conflict')) throw error
      // They do not follow this device's last record: the keyrings part before.
      if (!this.isEnded) this.findBranch(frame.length)
      return
    }
    if (this.isEnded) return
    // The answer to an earlier question, which was asked twice, does not say that it goes no further by now.
    if (this.isReading && frame.from !== this.readFrom && frame.length === keyring.length) return
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
    this.agreed(true)
  }

  private findBranch(length: number): void {
    this.isReading = false
    this.readsAgain = false
    this.search = new BranchSearch(this.options.sha512, this.options.keyring, length)
    this.fetchBranch(this.search)
  }

  private fetchBranch({ next }: BranchSearch): void {
    this.options.send({ type: 'keyring-fetch', from: next })
  }

  private async searchOn(search: BranchSearch, frame: Extract<Frame, { type: 'keyring' }>): Promise<void> {
    const { keyring } = this.options
    const found = search.take(
      frame.records.map(({ record, cut }) => ({ record: record.slice(), ...(cut && { cut: cut.slice() }) })),
      frame.length,
    )
    if (found.kind === 'more') {
      this.fetchBranch(search)
      return
    }
    if (found.kind !== 'branch')
      throw found.kind === 'same'
        ? new SyncError('relay-misbehaved', 'The relay names a keyring that it does not show.')
        : new SyncError('relay-forked', 'The relay has an account of another beginning.')
    const choice = await keyring.meetBranch(found.position, found.records)
    if (this.isEnded) return
    this.search = undefined
    switch (choice) {
      case 'theirs':
        if (frame.length > keyring.length) this.read()
        else this.agreed(true)
        return
      case 'ours':
        // Once is enough for a relay that decides as devices do.
        if (this.replacedThrough !== undefined)
          throw new SyncError('relay-forked', 'The relay keeps to a keyring that does not count.')
        this.replace(found.position)
        return
      case 'fork':
        throw new SyncError(
          'keyring-fork',
          'Devices of the account have put each other out, or gone apart in another way that only the recovery phrase can decide.',
        )
    }
  }

  /** As much of this device's branch as one frame holds; what is left is appended. */
  private replace(position: number): void {
    const records = this.recordsFrom(position)
    this.replacedThrough = position + records.length
    this.options.send({ type: 'keyring-replace', records })
  }

  /** Everything, to a relay that lost the account or the record that added this device: who may see less of it cannot add to it. */
  private bring(): void {
    if (this.isBrought) return
    this.isBrought = true
    const { length } = this.options.keyring
    this.replacedThrough = length
    for (let next = 0; next < length; ) {
      const records = this.recordsFrom(next)
      next += records.length
      this.options.send({ type: 'keyring-replace', records })
    }
  }

  /** As many as one frame holds. */
  private recordsFrom(position: number): KeyringItem[] {
    const { keyring } = this.options
    const records: KeyringItem[] = []
    let sizeBytes = 0
    for (let next = position; next < keyring.length && records.length < MAX_KEYRING_RECORDS; next++) {
      const item = keyring.recordAt(next)
      sizeBytes += item.record.length + (item.cut?.length ?? 0) + ITEM_OVERHEAD_BYTES
      if (records.length > 0 && sizeBytes > MAX_FRAME_BYTES) break
      records.push(item)
    }
    return records
  }
}
