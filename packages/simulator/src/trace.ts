// What happened, as one line an event, and the hash of all lines. Two runs of one seed have one hash. Lines name logical events and
// no bytes, since a compressor may write other bytes on another version of Node.
import { createHash } from 'node:crypto'
import type { VirtualTime } from './clock'

export class Trace {
  readonly #hash = createHash('sha256')
  readonly #lines: string[] = []
  readonly #counts = new Map<string, number>()

  constructor(
    private readonly time: VirtualTime,
    private readonly keepsLines: boolean,
  ) {}

  add(actor: string, event: string, details = ''): void {
    const line = `${this.time.nowMs} ${actor} ${event}${details && ` ${details}`}`
    this.#hash.update(line).update('\n')
    const kind = `${actor.replace(/ \d+$/, '')} ${event}`
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1)
    if (this.keepsLines) this.#lines.push(line)
  }

  /** How often each kind of event happened, by kind of actor and event: `device crashes`. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts
  }

  get lines(): readonly string[] {
    return this.#lines
  }

  /** SHA-256 of everything so far, in hex. */
  hash(): string {
    return this.#hash.copy().digest('hex')
  }
}
