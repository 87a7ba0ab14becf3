// One page, opened: what is let through, what is kept aside and why. Nothing here knows of documents.
import {
  type DocumentId,
  decodeEnvelope,
  encodeEnvelope,
  type Hash,
  headSigningBytes,
  type SignedHead,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { LineageMap } from '../../src/sync/device-map'
import type { OpenedEntry } from '../../src/sync/log/log-replica'
import { openPage } from '../../src/sync/log/open-page'
import { TestAccount, type TestContext } from './support/account'
import { Author, type WrittenEntry } from './support/author'

const document = new Uint8Array(16).fill(9) as DocumentId
const account = await TestAccount.create(3)

let reader: TestContext
let ann: Author
let bob: Author

beforeEach(async () => {
  reader = await account.context(0)
  ann = await Author.of(account, 1, document)
  bob = await Author.of(account, 2, document)
})

type Input = Parameters<typeof openPage>[0]

const headOf = ({ context, incarnation }: Author, { sequence, signature }: WrittenEntry): SignedHead => ({
  device: context.device,
  incarnation,
  sequence,
  signature,
})

function openWhole(entries: readonly Uint8Array[], heads: readonly SignedHead[], more: Partial<Input> = {}) {
  return openPage({
    account: reader.account,
    document,
    keyring: reader.keyring(),
    isKeyringFresh: false,
    keyAt: (position) => reader.keyAt(document, position),
    signing: reader.platform.signing,
    chains: new LineageMap(),
    first: 1,
    entries,
    heads,
    findOwn: () => undefined,
    ...more,
  })
}

async function open(...input: Parameters<typeof openWhole>) {
  const page = await openWhole(...input)
  return 'failure' in page ? page.failure : page.entries
}

/** What became of each entry: the time it was sealed at, or why it is kept aside. */
async function outcomes(...input: Parameters<typeof open>): Promise<unknown> {
  const entries = await open(...input)
  return typeof entries === 'string' ? entries : entries.map(outcomeOf)
}

const outcomeOf = ({ outcome }: OpenedEntry) => ('held' in outcome ? outcome.held : outcome.body.sealedAtMs)
const envelopes = (...entries: readonly WrittenEntry[]) => entries.map(({ envelope }) => envelope)
const flipped = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))

describe('a page', () => {
  it('hands on only the heads that verified: others would stand in for true ones where they are kept', async () => {
    const a1 = await ann.seal({ sealedAtMs: 1 })
    const b1 = await bob.seal({ sealedAtMs: 2 })
    const good = headOf(ann, a1)
    const beyond = { ...good, sequence: 9_000 }
    const forged = { ...headOf(bob, b1), signature: flipped(b1.signature, 3) }
    const page = await openWhole(envelopes(a1, b1), [beyond, forged, good])
    expect('heads' in page && page.heads).toEqual([good])
  })

  it('opens entry after entry, each author’s chain by itself, verified by one signature each', async () => {
    const a1 = await ann.seal({ sealedAtMs: 1 })
    const b1 = await bob.seal({ sealedAtMs: 2 })
    const a2 = await ann.seal({ sealedAtMs: 3 })
    let verified = 0
    const { signing } = reader.platform
    const counting: typeof signing = {
      ...signing,
      verify: (...input) => {
        verified++
        return signing.verify(...input)
      },
    }
    const heads = [headOf(ann, a2), headOf(bob, b1)]
    const entries = (await open(envelopes(a1, b1, a2), heads, {
      signing: counting,
      first: 5,
    })) as readonly OpenedEntry[]
    expect(entries.map(outcomeOf)).toEqual([1, 2, 3])
    expect(entries.map(({ number, sequence }) => [number, sequence])).toEqual([
      [5, 1],
      [6, 1],
      [7, 2],
    ])
    expect(entries.map(({ previous }) => previous)).toEqual([ZERO_HASH, ZERO_HASH, a1.hash])
    expect(verified).toBe(2)
  })

  it('goes on where the chains stood', async () => {
    const a1 = await ann.seal()
    const a2 = await ann.seal({ sealedAtMs: 7 })
    const lineage = { device: ann.context.device, incarnation: 1 }
    const chainOf = (hash: Hash, broken = false) => new LineageMap([[lineage, { sequence: 1, hash, broken }]])
    const heads = [headOf(ann, a2)]
    expect(await outcomes(envelopes(a2), heads, { chains: chainOf(a1.hash) })).toEqual([7])
    expect(await outcomes(envelopes(a2), heads, { chains: chainOf(ZERO_HASH) })).toEqual(['not-authentic'])
    expect(await outcomes(envelopes(a2), heads, { chains: chainOf(a1.hash, true) })).toEqual(['chain-gap'])
    expect(await outcomes(envelopes(a2), heads)).toEqual(['chain-gap'])
    expect(await outcomes(envelopes(a1), [], { chains: chainOf(a1.hash) })).toEqual(['chain-gap'])
  })

  it('with an altered entry takes nothing of its author, and everything of the others', async () => {
    const a1 = await ann.seal({ sealedAtMs: 1 })
    const a2 = await ann.seal({ sealedAtMs: 2 })
    const a3 = await ann.seal({ sealedAtMs: 3 })
    const b1 = await bob.seal({ sealedAtMs: 4 })
    const heads = [headOf(ann, a3), headOf(bob, b1)]
    for (const at of [60, 120, a2.envelope.length - 1]) {
      const entries = [a1.envelope, flipped(a2.envelope, at), a3.envelope, b1.envelope]
      expect(await outcomes(entries, heads), `byte ${at}`).toEqual([
        'bad-signature',
        'not-authentic',
        'not-authentic',
        4,
      ])
    }
  })

  it('with bytes that are no entry at all keeps these aside and goes on', async () => {
    const a1 = await ann.seal({ sealedAtMs: 1 })
    expect(await outcomes([new Uint8Array([1]), a1.envelope, a1.envelope.subarray(0, 100)], [headOf(ann, a1)])).toEqual(
      ['damaged', 1, 'damaged'],
    )
  })

  it('without a signature at or after an entry keeps it aside', async () => {
    const a1 = await ann.seal({ sealedAtMs: 1 })
    const a2 = await ann.seal({ sealedAtMs: 2 })
    expect(await outcomes(envelopes(a1, a2), [])).toEqual(['unsigned', 'unsigned'])
    expect(await outcomes(envelopes(a1, a2), [headOf(ann, a1)])).toEqual([1, 'unsigned'])
    const beyond = { ...headOf(ann, a2), sequence: 3 }
    expect(await outcomes(envelopes(a1, a2), [beyond])).toEqual(['unsigned', 'unsigned'])
    expect(await outcomes(envelopes(a1, a2), [headOf(ann, a2), headOf(ann, a1)])).toEqual([1, 2])
  })

  it('with a wrong signature takes nothing of that author, whatever other signatures come along', async () => {
    const a1 = await ann.seal({ sealedAtMs: 1 })
    const a2 = await ann.seal({ sealedAtMs: 2 })
    const bad = { ...headOf(ann, a2), signature: flipped(a2.signature, 3) }
    for (const heads of [[bad], [headOf(ann, a1), bad], [bad, headOf(ann, a1)], [bad, headOf(ann, a2)]])
      expect(await outcomes(envelopes(a1, a2), heads)).toEqual(['bad-signature', 'bad-signature'])
    const signed = await bob.context.sign(
      headSigningBytes(reader.account, document, {
        device: ann.context.device,
        incarnation: 1,
        sequence: 2,
        hash: a2.hash,
      }),
    )
    expect(await outcomes(envelopes(a1, a2), [{ ...headOf(ann, a2), signature: signed }])).toEqual([
      'bad-signature',
      'bad-signature',
    ])
  })

  it('by a device or under a key that may be news asks for the keyring, and keeps aside what stays unknown', async () => {
    const b1 = await bob.seal({ sealedAtMs: 1 })
    const { keyring } = await account.context(0, { keyringLength: 2 })
    const input = { keyring: keyring() }
    expect(await outcomes(envelopes(b1), [headOf(bob, b1)], input)).toBe('needs-keyring')
    expect(await outcomes(envelopes(b1), [headOf(bob, b1)], { ...input, isKeyringFresh: true })).toEqual([
      'unknown-device',
    ])
    const later = await ann.seal({}, { epoch: 9 })
    expect(await outcomes(envelopes(later), [headOf(ann, later)])).toBe('needs-keyring')
    expect(await outcomes(envelopes(later), [headOf(ann, later)], { isKeyringFresh: true })).toEqual(['unknown-epoch'])
    const ofNone = await bob.seal({}, { epoch: 1 })
    expect(await outcomes(envelopes(ofNone), [headOf(bob, ofNone)])).toEqual(['unknown-epoch'])
  })

  it('waits as a whole chain where its head stands under a key that is not known: that one vouches for those before', async () => {
    const a1 = await ann.seal({ sealedAtMs: 1 })
    const a2 = await ann.seal({}, { epoch: 9 })
    const b1 = await bob.seal({ sealedAtMs: 3 })
    const heads = [headOf(ann, a2), headOf(bob, b1)]
    const input = { isKeyringFresh: true }
    expect(await outcomes(envelopes(a1, a2, b1), heads, input)).toEqual(['unknown-epoch', 'unknown-epoch', 3])
    expect(await outcomes(envelopes(a1, a2, b1), [headOf(ann, a1), ...heads], input)).toEqual([1, 'unknown-epoch', 3])
    expect(await outcomes(envelopes(a1, a2, b1), [...heads, headOf(ann, a1)], input)).toEqual([1, 'unknown-epoch', 3])
    const forged = { ...headOf(ann, a1), signature: flipped(a1.signature, 3) }
    expect(await outcomes(envelopes(a1, a2, b1), [...heads, forged], input)).toEqual([
      'bad-signature',
      'unknown-epoch',
      3,
    ])
  })

  it('under a key that this device does not have keeps the entry aside and the chain whole', async () => {
    const a1 = await ann.seal({ sealedAtMs: 1 })
    const a2 = await ann.seal({ sealedAtMs: 2 })
    const entries = (await open(envelopes(a1, a2), [headOf(ann, a2)], { keyAt: () => undefined })) as OpenedEntry[]
    expect(entries.map(outcomeOf)).toEqual(['unknown-key', 'unknown-key'])
    expect(entries.map(({ hash }) => hash)).toEqual([a1.hash, a2.hash])
    expect(await outcomes(envelopes(a1, a2), [], { keyAt: () => undefined })).toEqual(['unsigned', 'unsigned'])
  })

  it('does not open an entry in another document, account or place of the chain', async () => {
    const a1 = await ann.seal()
    const other = new Uint8Array(16).fill(8) as DocumentId
    const moved = { document: other, keyAt: (position: number) => reader.keyAt(document, position) }
    expect(await outcomes(envelopes(a1), [], moved)).toEqual(['not-authentic'])
    expect(await outcomes(envelopes(a1), [], { ...moved, keyAt: (position) => reader.keyAt(other, position) })).toEqual(
      ['not-authentic'],
    )
    const stranger = await TestAccount.create(1, 78)
    expect(await outcomes(envelopes(a1), [], { account: stranger.state.account })).toEqual(['not-authentic'])
    const asBob = encodeEnvelope({ ...decodeEnvelope(a1.envelope), device: bob.context.device })
    expect(await outcomes([asBob], [])).toEqual(['not-authentic'])
  })

  it.each([
    ['version', { version: 2 }, {}],
    ['suite', { suite: 2 }, {}],
    ['kind', { kind: 77 }, {}],
    ['root', {}, { updates: [{ root: 2, format: 1, bytes: new Uint8Array(2) }] }],
    ['update format', {}, { updates: [{ root: 0, format: 3, bytes: new Uint8Array(2) }] }],
  ] as const)('keeps an entry of a later %s aside, and the chain goes on over it', async (_, header, body) => {
    const a1 = await ann.seal(body, header)
    const a2 = await ann.seal({ sealedAtMs: 2 })
    expect(await outcomes(envelopes(a1, a2), [headOf(ann, a2)])).toEqual(['unknown-format', 2])
    expect(await outcomes(envelopes(a1, a2), [headOf(ann, a1)])).toEqual(['unknown-format', 'unsigned'])
  })

  it('keeps an entry of another document epoch aside, and the chain goes on over it', async () => {
    const a1 = await ann.seal({}, { documentEpoch: 1 })
    const a2 = await ann.seal({ sealedAtMs: 2 })
    expect(await outcomes(envelopes(a1, a2), [headOf(ann, a2)])).toEqual(['other-document-epoch', 2])
    expect(await outcomes(envelopes(a1, a2), [headOf(ann, a1)])).toEqual(['other-document-epoch', 'unsigned'])
    expect(await outcomes(envelopes(a1), [headOf(ann, a1)], { documentEpoch: 1 })).toEqual([0])
  })

  it.each([
    ['version', { version: 2 }],
    ['suite', { suite: 2 }],
    ['kind', { kind: 77 }],
  ] as const)('keeps an entry of another document epoch aside for that, whatever its %s', async (_, header) => {
    const a1 = await ann.seal({}, { ...header, documentEpoch: 0 })
    expect(await outcomes(envelopes(a1), [headOf(ann, a1)], { documentEpoch: 1 })).toEqual(['other-document-epoch'])
    const noKey = { documentEpoch: 1, keyAt: () => undefined }
    expect(await outcomes(envelopes(a1), [headOf(ann, a1)], noKey)).toEqual(['other-document-epoch'])
  })

  it('takes our own entries as they stand in the outbox, without opening them', async () => {
    const a1 = await ann.seal({ sealedAtMs: 9 })
    const writers = [{ writer: new Uint8Array(6).fill(1), n: 4 }]
    const own = { ...a1, previous: ZERO_HASH, envelopeHash: a1.hash, lastOrder: 3, writers }
    const asked: unknown[] = []
    const entries = (await open(envelopes(a1), [], {
      keyAt: () => expect.unreachable('it is ours'),
      findOwn: (lineage, sequence, hash) => {
        asked.push([lineage.incarnation, sequence, hash])
        return own
      },
    })) as readonly OpenedEntry[]
    expect(asked).toEqual([[1, 1, a1.hash]])
    expect(entries[0]).toMatchObject({ own: true, outcome: { body: { writers, updates: [], seen: [] } } })
  })
})
