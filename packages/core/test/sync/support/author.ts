// A member who writes entries by hand: valid in every respect in which the test does not make them wrong.
import {
  type Body,
  type DocumentId,
  ENVELOPE_VERSION,
  type EnvelopeHeader,
  encodeBody,
  envelopeKinds,
  type Hash,
  headSigningBytes,
  SUITE_SECRETBOX,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import { sealEntry } from '../../../src/crypto'
import type { TestAccount, TestContext } from './account'
import type { TestLog } from './log'

export interface WrittenEntry {
  readonly sequence: number
  readonly envelope: Uint8Array
  readonly hash: Hash
  readonly signature: Uint8Array
}

export class Author {
  incarnation = 1
  sequence = 0
  previous: Hash = ZERO_HASH

  private constructor(
    readonly context: TestContext,
    readonly document: DocumentId,
  ) {}

  static async of(account: TestAccount, index: number, document: DocumentId): Promise<Author> {
    return new Author(await account.context(index), document)
  }

  /** The next entry, sealed and signed. */
  async seal(body: Partial<Body> = {}, header: Partial<EnvelopeHeader> = {}): Promise<WrittenEntry> {
    const sealed = this.sealNow(body, header)
    const { incarnation, sequence } = this
    const head = { device: this.context.device, incarnation, sequence, hash: sealed.hash }
    const signature = await this.context.sign(headSigningBytes(this.context.account, this.document, head))
    return { sequence, envelope: sealed.envelope, hash: sealed.hash, signature }
  }

  /** The next entry, in the log with its signature. */
  async write(log: TestLog, body: Partial<Body> = {}, header: Partial<EnvelopeHeader> = {}): Promise<WrittenEntry> {
    const entry = await this.seal(body, header)
    log.push({
      type: 'push',
      document: this.document,
      entries: [entry.envelope],
      headHash: entry.hash,
      signature: entry.signature,
    })
    return entry
  }

  private sealNow(body: Partial<Body>, header: Partial<EnvelopeHeader>): { envelope: Uint8Array; hash: Hash } {
    const { context, document } = this
    const { position, keyId, key } = context.newestKey(document)
    this.sequence++
    const sealed = sealEntry({
      sha512: context.platform.signing.sha512,
      random: context.platform.random,
      key,
      header: {
        version: ENVELOPE_VERSION,
        suite: SUITE_SECRETBOX,
        kind: envelopeKinds.update,
        documentEpoch: 0,
        epoch: position,
        device: context.device,
        incarnation: this.incarnation,
        sequence: this.sequence,
        ...header,
      },
      place: { account: context.account, document, keyId, previous: this.previous },
      content: encodeBody({ sealedAtMs: 0, seen: [], writers: [], updates: [], ...body }),
    })
    this.previous = sealed.hash
    return sealed
  }
}
