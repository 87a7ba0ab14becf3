// What devices have sent to the relay: one place in a log has one content for ever, or two readers could see two documents. Only who lost
// what its disk had promised to keep may not know any more what it has sent.
import { createHash } from 'node:crypto'
import { bytesToHex, decodeEnvelope, type Frame } from '@owlivion/sync-protocol'

export class SentEntries {
  /** By device: hashes of envelopes, by their place. */
  readonly #sent = new Map<string, Map<string, string>>()

  constructor(private readonly fail: (reason: string) => void) {}

  send(device: string, frame: Frame): void {
    if (frame.type !== 'push') return
    const sent = this.#sent.get(device) ?? new Map<string, string>()
    this.#sent.set(device, sent)
    for (const bytes of frame.entries) {
      const { device: author, incarnation, sequence } = decodeEnvelope(bytes)
      const place = [bytesToHex(frame.document), bytesToHex(author), incarnation, sequence].join('/')
      const hash = createHash('sha256').update(bytes).digest('base64')
      const before = sent.get(place) ?? hash
      if (before !== hash) this.fail(`${device} sends two contents under one number: ${place}`)
      sent.set(place, hash)
    }
  }

  /** The device's disk lost what it had committed. */
  forgotten(device: string): void {
    this.#sent.delete(device)
  }
}
