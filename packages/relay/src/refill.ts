// Entries that come back from a device to a relay that lost them, and the hashes by which it finds out what is missing. Unlike a push,
// a refill may hold anybody's entries: each vouches for itself by its author's signature at the end of the chain.
import {
  bytesToHex,
  type ChainHead,
  type DeviceId,
  type DocumentId,
  type Envelope,
  encodeFrame,
  entryHash,
  envelopeHash,
  envelopeKinds,
  epochAt,
  type Frame,
  findDevice,
  type Hash,
  headerBytes,
  headSigningBytes,
  type KeyringState,
  type SignedHead,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import type { ConnectedAccount } from './accounts'
import type { Asking } from './asking'
import { Cuts } from './cuts'
import type { Follower } from './document-feed'
import { RelayError, toRefusal } from './errors'
import { assertNotSuspended } from './not-suspended'
import { readEnvelope } from './push'
import type { RequestContext } from './request-context'
import type { RefillEntry, RefillResult } from './store/relay-store'

type FrameOf<T extends 'refill' | 'hashes-fetch'> = Extract<Frame, { type: T }>

/** A keyring that changes under a refill is read again; more often than this it would be an attack or a defect. */
const MAX_ATTEMPTS = 5

/** Stands for nobody: who gave entries back gets them in a page as everybody does. */
const nobody: Follower = { send() {}, bufferedBytes: 0 }

export async function answerHashes(
  { store }: RequestContext,
  asking: Asking,
  { document, numbers }: FrameOf<'hashes-fetch'>,
): Promise<void> {
  assertNotSuspended(asking, document)
  const { base, newest, hashes } = await store.snapshots.readHashes(asking.account.id, document, numbers)
  asking.session.send(encodeFrame({ type: 'hashes', document, base, newest, hashes }))
}

/** @throws RelayError with the code to refuse with */
export async function takeRefill(context: RequestContext, asking: Asking, frame: FrameOf<'refill'>): Promise<void> {
  const { store, turn, limits } = context
  const { account, session } = asking
  const { document, first } = frame
  assertNotSuspended(asking, document)
  // A push that was received before may be one of the entries.
  await turn.settled()
  for (let attempt = 1; ; attempt++) {
    const { head: keyringHead } = account.keyring as KeyringState
    const entries = await readRefill(context, account, frame)
    assertNotSuspended(asking, document)
    const isHeldUp = account.leases.isRebasing(document)
    const result = await store.refill(
      { account: account.id, document, first, entries, keyringHead, isHeldUp },
      { maxDocuments: limits.maxDocuments, maxBytes: limits.maxAccountBytes },
    )
    if (result.kind === 'keyring-moved' && attempt < MAX_ATTEMPTS) await account.reload()
    else if (result.kind === 'stored') return refilled(asking, frame, entries, result.logHash)
    else throw toRefused(account, frame, limits.maxDocuments, result)
  }

  function refilled(
    { account }: Asking,
    { heads }: FrameOf<'refill'>,
    entries: readonly RefillEntry[],
    logHash: Hash,
  ): void {
    context.tidier.soon()
    const count = entries.length
    session.send(encodeFrame({ type: 'refilled', document, first, count, logHash }))
    const last = first + count - 1
    const frame = () => {
      const ends = lastHeads(heads)
      const envelopes = entries.map((entry) => entry.envelope)
      const page = { document, first, entries: envelopes, heads: ends, logHash, newest: last, live: true }
      return encodeFrame({ type: 'page', ...page })
    }
    account.feed.appended(document, { first, last, author: nobody, frame })
  }
}

function lastHeads(heads: readonly SignedHead[]): SignedHead[] {
  const headByChain = new Map<string, SignedHead>()
  for (const head of heads) {
    const before = headByChain.get(chainOf(head))
    if (before === undefined || before.sequence < head.sequence) headByChain.set(chainOf(head), head)
  }
  return [...headByChain.values()]
}

const chainOf = ({ device, incarnation }: Pick<ChainHead, 'device' | 'incarnation'>) =>
  `${bytesToHex(device)}${incarnation}`

/** @throws RelayError `refill-refused`, `refill-conflict`, `chain-gap` or `unknown-epoch`, with the document */
async function readRefill(
  { platform, store }: RequestContext,
  account: ConnectedAccount,
  { document, entries, heads }: FrameOf<'refill'>,
): Promise<RefillEntry[]> {
  const keyring = account.keyring as KeyringState
  const { sha512 } = platform
  const cuts = new Cuts(store)
  const headByPlace = new Map(heads.map((head) => [`${chainOf(head)}:${head.sequence}`, head]))
  const ends = new Map<string, { sequence: number; hash: Hash; index: number; isSigned: boolean }>()
  const read: RefillEntry[] = []
  for (const [index, envelope] of entries.entries()) {
    const refuse = (message: string) => new RelayError('refill-refused', message, { document, state: index })
    const header = readAny(envelope, document, refuse)
    if (header.kind !== envelopeKinds.update) throw refuse('Only updates are entries of a log.')
    const epoch = epochAt(keyring, header.epoch)
    if (epoch === undefined) throw new RelayError('unknown-epoch', undefined, { document })
    if (!(await cuts.allow(keyring, document, header, header.sequence)))
      throw refuse('An entry is of a device that is not in the account, or that wrote it after its removal.')
    // Somebody is about to say where its chains end, and counts on their standing still.
    const retryAfterMs = account.suspendedForMs(header.device)
    if (retryAfterMs !== undefined)
      throw new RelayError('busy', 'An author of these entries is being removed.', { document, retryAfterMs })
    const chain = chainOf(header)
    const before = ends.get(chain)
    if (before !== undefined && header.sequence !== before.sequence + 1)
      throw refuse('The entries of a chain follow each other without a gap.')
    const { device, incarnation, sequence, documentEpoch } = header
    const previous = before?.hash ?? (await previousOf(store, account, { document, device, incarnation, sequence }))
    const hashOfEnvelope = envelopeHash(sha512, envelope)
    const place = { account: account.id, document, keyId: epoch.keyId, previous }
    const hash = entryHash(sha512, headerBytes(header, place), hashOfEnvelope)
    const head = headByPlace.get(`${chain}:${sequence}`)
    if (head !== undefined) {
      const signed = headSigningBytes(account.id, document, { device, incarnation, sequence, hash })
      const key = findDevice(keyring, device)?.signing
      if (key === undefined || !(await platform.verify(key, signed, head.signature)))
        throw refuse('The signed end of a chain does not verify.')
      headByPlace.delete(`${chain}:${sequence}`)
    }
    ends.set(chain, { sequence, hash, index, isSigned: head !== undefined })
    const hashes = { envelopeHash: hashOfEnvelope, entryHash: hash, previous }
    const signature = head && { signature: head.signature }
    read.push({ device, incarnation, sequence, documentEpoch, envelope, ...hashes, ...signature })
  }
  for (const { index, isSigned } of ends.values())
    if (!isSigned)
      throw new RelayError('refill-refused', 'A chain does not end with a signed head.', { document, state: index })
  if (headByPlace.size > 0)
    throw new RelayError('refill-refused', 'A head belongs to no entry of the refill.', { document, state: 0 })
  return read
}

/** What another device made, and this one only kept, is not this one's mistake: the connection stays open. */
function readAny(bytes: Uint8Array, document: DocumentId, refuse: (message: string) => RelayError): Envelope {
  try {
    return readEnvelope(bytes, document)
  } catch (error) {
    throw refuse(toRefusal(error).message)
  }
}

/** The entry hash before the first entry of a chain in a refill, by what the relay has. */
async function previousOf(
  store: RequestContext['store'],
  account: ConnectedAccount,
  place: {
    readonly document: DocumentId
    readonly device: DeviceId
    readonly incarnation: number
    readonly sequence: number
  },
): Promise<Hash> {
  const { document, sequence } = place
  const [link] = await store.readChains([{ account: account.id, ...place, sequence: sequence - 1 }])
  const newest = link?.newest ?? 0
  if (sequence <= newest) throw await conflict(store, account, document)
  if (sequence > newest + 1) throw new RelayError('chain-gap', undefined, { document, state: newest })
  return sequence === 1 ? ZERO_HASH : (link?.hash as Hash)
}

async function conflict(
  store: RequestContext['store'],
  account: ConnectedAccount,
  document: DocumentId,
): Promise<RelayError> {
  const { newest } = await store.snapshots.readHashes(account.id, document, [])
  return new RelayError('refill-conflict', 'The relay has one of the entries.', { document, state: newest })
}

function toRefused(
  account: ConnectedAccount,
  { document }: FrameOf<'refill'>,
  maxDocuments: number,
  result: Exclude<RefillResult, { kind: 'stored' }>,
): RelayError {
  switch (result.kind) {
    case 'conflict':
      return new RelayError('refill-conflict', undefined, { document, state: result.newest })
    case 'chain-gap':
      return new RelayError('chain-gap', undefined, { document, state: result.newest })
    case 'fork':
      return new RelayError('refill-refused', 'An entry does not follow what the relay has.', {
        document,
        state: result.index,
      })
    case 'keyring-moved':
      return new RelayError('keyring-conflict', undefined, { document })
    case 'rebasing':
      return new RelayError('rebasing', undefined, { document, retryAfterMs: account.leases.rebasingForMs(document) })
    case 'too-many-documents':
      return new RelayError(result.kind, undefined, { document, state: maxDocuments })
    default:
      return new RelayError(result.kind, undefined, { document })
  }
}
