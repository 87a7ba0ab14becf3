// A relay that is honest about documents and not about the keyring: it hides records from one device, or tells it again what it has
// told before. Frames are changed on their way down, so that the relay itself stays the real one.
import { encodeFrame, type Frame, type Hash } from '@owlivion/sync-protocol'

/** What the relay has told a device of the keyring's end. */
interface KeyringEnd {
  readonly length: number
  readonly head: Hash
}

export class KeyringLies {
  /** The end as it was when the hiding began. */
  #hidden: KeyringEnd | undefined
  #newest: KeyringEnd | undefined
  #isReplaying = false
  readonly #told: Uint8Array[] = []
  #hasLied = false

  /** The device was told something untrue, and may say so for as long as it lives. */
  get haveBeenTold(): boolean {
    return this.#hasLied
  }

  /** From now on, until `stop`, the device hears of no record after those it was told of. */
  hide(): void {
    this.#hidden ??= this.#newest
  }

  /** From now on, until `stop`, old news come again behind every frame. */
  replay(): void {
    this.#isReplaying = true
  }

  stop(): void {
    this.#hidden = undefined
    this.#isReplaying = false
  }

  /** The frames that the device gets in place of this one. */
  pass(bytes: Uint8Array, frame: Frame): readonly Uint8Array[] {
    if (frame.type === 'welcome') this.#learn({ length: frame.keyringLength, head: frame.keyringHead })
    if (frame.type === 'keyring-changed') this.#learn(frame)
    const changed = this.#hidden === undefined ? bytes : this.#withoutNews(frame, bytes, this.#hidden)
    if (changed !== bytes || this.#isReplaying) this.#hasLied = true
    if (changed === undefined) return []
    const isOfKeyring = frame.type === 'keyring-changed' || frame.type === 'keyring'
    if (isOfKeyring) this.#told.push(bytes.slice())
    return this.#isReplaying && isOfKeyring ? [changed, ...this.#told] : [changed]
  }

  #learn({ length, head }: KeyringEnd): void {
    if (length > (this.#newest?.length ?? 0)) this.#newest = { length, head: head.slice() as Hash }
  }

  #withoutNews(frame: Frame, bytes: Uint8Array, { length, head }: KeyringEnd): Uint8Array | undefined {
    if (frame.type === 'welcome' && frame.keyringLength > length)
      return encodeFrame({ ...frame, keyringLength: length, keyringHead: head })
    if (frame.type === 'keyring-changed' && frame.length > length) return undefined
    if (frame.type === 'keyring' && frame.length > length)
      return encodeFrame({ ...frame, length, records: frame.records.slice(0, Math.max(0, length - frame.from)) })
    return bytes
  }
}
