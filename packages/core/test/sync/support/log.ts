// One document's log as a relay keeps it, in as few lines as it can be said: numbers, log hash, heads, pages. Tests alter what it
// hands out.
import {
  bytesEqual,
  type DeviceId,
  type DocumentId,
  decodeEnvelope,
  emptyLogHash,
  envelopeHash,
  type Frame,
  type Hash,
  nextLogHash,
  type SignedHead,
} from '@owlivion/sync-protocol'
import type { AccountContext } from '../../../src/sync/account-context'

export type FrameOf<T extends Frame['type']> = Extract<Frame, { type: T }>

interface LoggedEntry {
  readonly bytes: Uint8Array
  readonly device: DeviceId
  readonly incarnation: number
  readonly sequence: number
  /** On the last entry of a push. */
  readonly signature: Uint8Array | undefined
}

export class TestLog {
  readonly entries: LoggedEntry[] = []

  constructor(
    private readonly context: Pick<AccountContext, 'account' | 'platform'>,
    readonly document: DocumentId,
  ) {}

  get newest(): number {
    return this.entries.length
  }

  /** Takes a push as a relay does, its duplicates too, and answers what a relay answers. */
  push(frame: FrameOf<'push'>): FrameOf<'pushed'> {
    const numbers: number[] = []
    const last = frame.entries.length - 1
    for (const [i, bytes] of frame.entries.entries()) {
      const known = this.entries.findIndex((entry) => bytesEqual(entry.bytes, bytes))
      if (known < 0) {
        const { device, incarnation, sequence } = decodeEnvelope(bytes)
        const signature = i === last ? frame.signature : undefined
        this.entries.push({
          bytes: bytes.slice(),
          device: device.slice() as DeviceId,
          incarnation,
          sequence,
          signature,
        })
      }
      numbers.push(known < 0 ? this.entries.length : known + 1)
    }
    const { incarnation, sequence } = decodeEnvelope(frame.entries[last] as Uint8Array)
    const logHash = this.hashAt(numbers[last] as number)
    return { type: 'pushed', document: this.document, incarnation, sequence, numbers, logHash }
  }

  hashAt(number: number): Hash {
    const { sha512 } = this.context.platform.signing
    let hash = emptyLogHash(sha512, this.context.account, this.document)
    for (const { bytes } of this.entries.slice(0, number)) hash = nextLogHash(sha512, hash, envelopeHash(sha512, bytes))
    return hash
  }

  /** Entries after a number, up to `last`. */
  page(after: number, last = this.newest, live = false): FrameOf<'page'> {
    const slice = this.entries.slice(after, last)
    const heads = new Map<string, SignedHead>()
    for (const { device, incarnation, sequence, signature } of slice) {
      if (signature !== undefined)
        heads.set(`${device.join()}/${incarnation}`, { device, incarnation, sequence, signature })
    }
    return {
      type: 'page',
      document: this.document,
      first: after + 1,
      entries: slice.map(({ bytes }) => bytes),
      heads: [...heads.values()],
      logHash: this.hashAt(Math.max(after, last)),
      newest: this.newest,
      live,
    }
  }
}
