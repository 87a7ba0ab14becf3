// What the relay tells one device that is not true: about the keyring, or about a document. What it hears from the device tells it what
// would be news to it.
import { bytesToHex, type DeviceId, type DocumentId, encodeFrame, type Frame, type Hash } from '@owlivion/sync-protocol'
import type { RandomStream } from '../random'
import { type DocumentLie, noticeableLies, type Page, tell } from './document-lies'
import { KeyringLies } from './keyring-lies'

/** More old pages than these are not told again. */
const MAX_TOLD_PAGES = 20

export interface LiesOptions {
  readonly random: RandomStream
  /** A lie was told that the device has to notice; or, when it need not, any other. */
  readonly told: (lie: DocumentLie, mustBeNoticed: boolean) => void
  /** What was told may not have been looked at: the connection ended, or the device reads the keyring first. */
  readonly excused: () => void
}

export class Lies {
  readonly keyring = new KeyringLies()
  #lie: DocumentLie | undefined
  #hasLied = false
  #self: DeviceId | undefined
  /** By document: the cursor that the device asked with last on this connection, and the greatest number it may have. */
  readonly #asked = new Map<string, { readonly document: DocumentId; readonly number: number; readonly hash: Hash }>()
  readonly #mayHave = new Map<string, number>()
  #told: Page[] = []

  constructor(private readonly options: LiesOptions) {}

  /** The device was told something untrue, and may say so for as long as it lives. */
  get haveBeenTold(): boolean {
    return this.#hasLied || this.keyring.haveBeenTold
  }

  /** From now on, until `stop`, this lie is told about every page that allows it. */
  begin(lie: DocumentLie): void {
    this.#lie = lie
  }

  stop(): void {
    this.#lie = undefined
    this.keyring.stop()
  }

  connected(): void {
    this.#asked.clear()
    this.options.excused()
  }

  disconnected(): void {
    this.options.excused()
  }

  /** What the device says on its way up. */
  hear(frame: Frame): void {
    if (frame.type === 'hello') this.#self = frame.device
    if (frame.type === 'keyring-fetch') this.options.excused()
    if (frame.type !== 'subscribe') return
    for (const { document, number, hash } of frame.cursors) {
      this.#asked.set(bytesToHex(document), { document, number, hash: hash.slice() as Hash })
      this.#learn(document, number)
    }
  }

  /** The frames that the device gets in place of this one. */
  pass(bytes: Uint8Array, frame: Frame | undefined): readonly Uint8Array[] {
    if (frame?.type === 'pushed') this.#learn(frame.document, Math.max(0, ...frame.numbers))
    if (frame?.type !== 'page') return frame === undefined ? [bytes] : this.keyring.pass(bytes, frame)
    const pages = this.#lie === undefined ? undefined : this.#tell(this.#lie, frame)
    this.#learn(frame.document, frame.first + frame.entries.length - 1)
    this.#told = [...this.#told, frame].slice(-MAX_TOLD_PAGES)
    return pages === undefined ? [bytes] : pages.map((page) => encodeFrame(page))
  }

  #tell(lie: DocumentLie, page: Page): readonly Page[] | undefined {
    const asked = this.#asked.get(bytesToHex(page.document))
    const pages = tell(lie, page, {
      hashBefore: !page.live && asked?.number === page.first - 1 ? asked.hash : undefined,
      random: this.options.random,
      mayHave: (document) => this.#mayHave.get(bytesToHex(document)) ?? 0,
      others: Array.from(this.#asked.values(), ({ document }) => document),
      told: this.#told,
      self: this.#self,
    })
    if (pages === undefined) return undefined
    this.#hasLied = true
    // News that leave a gap are asked for again before anybody looks at them.
    const [first] = pages
    const isLookedAt =
      first !== undefined &&
      (!first.live || first.first <= (this.#asked.get(bytesToHex(first.document))?.number ?? -1) + 1)
    this.options.told(lie, noticeableLies.has(lie) && isLookedAt)
    return pages
  }

  #learn(document: DocumentId, number: number): void {
    const key = bytesToHex(document)
    this.#mayHave.set(key, Math.max(number, this.#mayHave.get(key) ?? 0))
  }
}
