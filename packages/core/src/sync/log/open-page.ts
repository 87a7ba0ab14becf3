// Opens and verifies one page of a document's log. Crypto only: what an entry means for the document is the replica's business.
//
// One signature is checked per device and page; the chain from it back covers the rest. A signature that does not verify
// makes that device's whole run in the page untrusted.
import {
  type AccountId,
  type Body,
  bytesEqual,
  type DocumentId,
  decodeEnvelope,
  type Envelope,
  envelopeHash,
  epochAt,
  findDevice,
  type Hash,
  headSigningBytes,
  type KeyringState,
  type Sha512,
  type SignedHead,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import { hashEntry, openEntry } from '../../crypto'
import type { Platform, SigningProvider } from '../../platform'
import { type Lineage, LineageMap } from '../device-map'
import type { PendingTransaction, SealedEntry } from '../writing/outbox'
import { isKnownEnvelope, readBody } from './entry-format'
import type { Chain, HoldReason, OpenedEntry } from './log-replica'

/** An entry of this device that is on its way, and what it stands for. */
export type OwnEntry = SealedEntry & Pick<PendingTransaction, 'repairs'>

export interface OpenPageInput {
  readonly account: AccountId
  readonly document: DocumentId
  readonly keyring: KeyringState
  /** The keyring was read again because of this very page: what it does not know, it will not know. */
  readonly isKeyringFresh: boolean
  /** The document's key under the epoch at this keyring position, when this device has it. */
  keyAt(position: number): Uint8Array | undefined
  readonly signing: SigningProvider
  readonly inflate?: Platform['inflate']
  /** The chains as received up to the entry before `first`. */
  readonly chains: LineageMap<Chain>
  readonly first: number
  readonly entries: readonly Uint8Array[]
  /** How often the document was rebased; 0 when left out. */
  readonly documentEpoch?: number
  /** Where each entry stands when they do not follow one another: what opens there does stand there. */
  readonly places?: readonly { readonly number: number; readonly previous: Hash }[]
  readonly heads: readonly SignedHead[]
  /** Our own entry as it stands in the outbox, if this is one: it needs no opening. */
  findOwn(lineage: Lineage, sequence: number, hash: Hash): OwnEntry | undefined
}

/** `needs-keyring`: an entry is by a device, or under a key, that may have come after this device last read the keyring. */
export type OpenedPage =
  | {
      readonly entries: readonly OpenedEntry[]
      /** Those of the page's heads that verified: only they may be kept and shown to others. */
      readonly heads: readonly SignedHead[]
    }
  | { readonly failure: 'needs-keyring' }

export async function openPage(input: OpenPageInput): Promise<OpenedPage> {
  const entries = placeEntries(input)
  return entries === undefined ? { failure: 'needs-keyring' } : verifyEntries(input, entries)
}

/**
 * Opens entries and places each in its author's chain, without a look at signatures.
 * @returns undefined when the keyring must be read first
 */
export function placeEntries(input: OpenPageInput): readonly OpenedEntry[] | undefined {
  const chains = new LineageMap<Chain>(input.chains)
  const entries: OpenedEntry[] = []
  for (let i = 0; i < input.entries.length; i++) {
    const place = input.places?.[i] ?? { number: input.first + i }
    const entry = placeEntry(input, chains, place, input.entries[i] as Uint8Array)
    if (entry === undefined) return undefined
    entries.push(entry)
  }
  return entries
}

/** Holds back of these what no signature in `input.heads` vouches for. */
export async function verifyEntries(
  input: Pick<OpenPageInput, 'account' | 'document' | 'keyring' | 'signing' | 'heads'>,
  entries: readonly OpenedEntry[],
): Promise<Exclude<OpenedPage, { readonly failure: string }>> {
  const { verdicts, heads } = await verifyHeads(input, entries)
  return { entries: entries.map((entry) => (entry.own ? entry : withVerdict(entry, verdicts.get(entry)))), heads }
}

const unplaced = {
  device: new Uint8Array(16) as Lineage['device'],
  incarnation: 0,
  sequence: 0,
  previous: ZERO_HASH,
  own: false,
}

/** undefined when the keyring must be read first. */
function placeEntry(
  input: OpenPageInput,
  chains: LineageMap<Chain>,
  { number, previous: known }: { readonly number: number; readonly previous?: Hash },
  bytes: Uint8Array,
): OpenedEntry | undefined {
  const sha512: Sha512 = input.signing.sha512
  let envelope: Envelope
  try {
    envelope = decodeEnvelope(bytes)
  } catch {
    const hash = envelopeHash(sha512, bytes)
    return { ...unplaced, number, bytes, hash, envelopeHash: hash, outcome: { held: 'damaged' } }
  }
  const { device, incarnation, sequence } = envelope
  const chain = chains.get(envelope)
  const previous = known ?? chain?.hash ?? ZERO_HASH
  const base = { number, device, incarnation, sequence, bytes, previous, own: false }
  const held = (
    reason: HoldReason,
    hashes = { hash: ZERO_HASH as Hash, envelopeHash: envelopeHash(sha512, bytes) },
  ): OpenedEntry => ({
    ...base,
    ...hashes,
    outcome: { held: reason },
  })
  const epoch = epochAt(input.keyring, envelope.epoch)
  if (!input.isKeyringFresh) {
    const isEpochMissing = epoch === undefined && envelope.epoch >= input.keyring.length
    if (isEpochMissing || findDevice(input.keyring, device) === undefined) return undefined
  }
  // Which key names its place in the chain is not known, nor whose signature to look for.
  if (epoch === undefined) return held('unknown-epoch')
  if (findDevice(input.keyring, device) === undefined) return held('unknown-device')
  const isNext = !chain?.broken && sequence === (chain?.sequence ?? 0) + 1
  if (known === undefined && !isNext) return held('chain-gap')

  const place = { account: input.account, document: input.document, keyId: epoch.keyId, previous }
  const hashes = hashEntry(sha512, bytes, envelope, place)
  chains.set(envelope, { sequence, hash: hashes.hash, broken: false })
  const own = input.findOwn(envelope, sequence, hashes.hash)
  if (own !== undefined) return { ...base, ...hashes, own: true, outcome: { body: ownBody(own) } }
  // Yjs would find nothing in the document that such an update could be applied to. Said before anything that an update of the app may change:
  // what is of a later format and of an epoch that is over must not be applied once it can be read.
  if (envelope.documentEpoch !== (input.documentEpoch ?? 0)) return held('other-document-epoch', hashes)
  if (!isKnownEnvelope(envelope)) return held('unknown-format', hashes)
  const key = input.keyAt(envelope.epoch)
  if (key === undefined) return held('unknown-key', hashes)
  const opened = openEntry({ sha512, key, bytes, envelope, place, inflate: input.inflate })
  if (!opened.ok)
    return held(
      opened.reason === 'not-authentic' || opened.reason === 'misplaced' ? 'not-authentic' : 'damaged',
      hashes,
    )
  const body = readBody(opened.content)
  return body === undefined ? held('unknown-format', hashes) : { ...base, ...hashes, outcome: { body } }
}

/** What remains to be known of an entry that is in the live document already: how far it takes our writers. */
export function ownBody(own: OwnEntry): Body {
  return { sealedAtMs: 0, seen: [], writers: own.writers, updates: [], ...(own.repairs && { repairs: own.repairs }) }
}

interface Verdict {
  /** Entries up to this sequence are vouched for. */
  readonly through: number
  readonly reason: HoldReason
}

async function verifyHeads(
  input: Pick<OpenPageInput, 'account' | 'document' | 'keyring' | 'signing' | 'heads'>,
  entries: readonly OpenedEntry[],
): Promise<{ readonly verdicts: LineageMap<Verdict>; readonly heads: readonly SignedHead[] }> {
  const hashes = new LineageMap<Map<number, Hash>>()
  for (const entry of entries) {
    const bySequence = hashes.get(entry) ?? new Map<number, Hash>()
    hashes.set(entry, bySequence.set(entry.sequence, entry.hash))
  }
  const verdicts = new LineageMap<Verdict>()
  // One head vouches for all entries of a push, and for those before it: what it stands on is not known where a key is not.
  for (const entry of entries)
    if ('held' in entry.outcome && entry.outcome.held === 'unknown-epoch')
      verdicts.set(entry, { through: 0, reason: 'unknown-epoch' })
  const verified = await Promise.all(
    input.heads.map(async (head): Promise<readonly SignedHead[]> => {
      const hash = hashes.get(head)?.get(head.sequence)
      if (hash === undefined || bytesEqual(hash, ZERO_HASH)) return []
      const device = findDevice(input.keyring, head.device)
      if (device === undefined) {
        verdicts.set(head, { through: 0, reason: 'unknown-device' })
        return []
      }
      const signed = headSigningBytes(input.account, input.document, { ...head, hash })
      const valid = await input.signing.verify(device.signing, signed, head.signature)
      const before = verdicts.get(head)
      if (!valid) verdicts.set(head, { through: 0, reason: 'bad-signature' })
      else if (before === undefined || (mayRise(before) && before.through < head.sequence)) {
        verdicts.set(head, { through: head.sequence, reason: before?.reason ?? 'unsigned' })
      }
      return valid ? [head] : []
    }),
  )
  return { verdicts, heads: verified.flat() }
}

/** A head that does not verify spoils its chain in the page; one that cannot be verified yet does not. */
function mayRise({ through, reason }: Verdict): boolean {
  return through > 0 || reason === 'unknown-epoch'
}

/** What says nothing about whether the author wrote it. */
const isOpenable: ReadonlySet<HoldReason> = new Set<HoldReason>([
  'unknown-key',
  'unknown-format',
  'other-document-epoch',
])

function withVerdict(entry: OpenedEntry, verdict: Verdict | undefined): OpenedEntry {
  if ('held' in entry.outcome && !isOpenable.has(entry.outcome.held)) return entry
  if (verdict !== undefined && entry.sequence <= verdict.through) return entry
  return { ...entry, outcome: { held: verdict?.reason ?? 'unsigned' } }
}
