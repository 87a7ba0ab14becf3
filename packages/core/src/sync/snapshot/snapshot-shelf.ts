// Snapshots that this device made, or found to be true, and keeps until one of them takes the foundation's place: not before it is certain
// that it will not be taken back.
//
//   ['judged', document, number]   what is known of the snapshot with this covered number beside its file
import {
  bytesEqual,
  bytesToHex,
  type DocumentId,
  decodeWhole,
  HASH_BYTES,
  type Hash,
  SNAPSHOT_KEEP_MS,
  UNJUDGED_SNAPSHOT_MS,
  Writer,
} from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import type { StoreKey } from '../../storage'
import type { AccountContext } from '../account-context'
import { rowKeys } from '../document/rows'

const ROW_VERSION = 2

/** What is known of a kept snapshot. */
export interface ShelfNote {
  readonly number: number
  readonly hash: Hash
  /** By the relay's clock; 0 until the relay said so. */
  readonly storedAtMs: number
  /** When this device put it here, by its own clock alone: a relay that lies about time must not make it let entries go. */
  readonly seenAtMs: number
  /** A device other than its author found it to be true. */
  readonly isAccepted: boolean
}

const noteKey = (document: DocumentId, number: number): StoreKey => ['judged', bytesToHex(document), number]

export const shelfKeys = {
  notes: (document: DocumentId): StoreKey => ['judged', bytesToHex(document)],
  note: noteKey,
}

export class SnapshotShelf {
  private notes: ShelfNote[] | undefined

  constructor(
    private readonly context: AccountContext,
    private readonly document: DocumentId,
  ) {}

  /** By rising number. */
  async list(): Promise<readonly ShelfNote[]> {
    if (this.notes === undefined) {
      const rows = await this.context.store.list(shelfKeys.notes(this.document))
      this.notes = rows.map(([key, bytes]) => ({ number: key[2] as number, ...decodeNote(bytes) }))
    }
    return this.notes
  }

  /** Keeps a file that is true. */
  async put(found: Omit<ShelfNote, 'seenAtMs'>, file: Uint8Array): Promise<void> {
    const notes = await this.list()
    const known = notes.find(({ number, hash }) => number === found.number && bytesEqual(hash, found.hash))
    const note = { ...found, seenAtMs: known?.seenAtMs ?? this.context.platform.now() }
    this.notes = [...notes.filter(({ number }) => number !== note.number), note].sort((a, b) => a.number - b.number)
    await this.context.writer.write({
      put: [
        [rowKeys.snapshot(this.document, note.number), file],
        [noteKey(this.document, note.number), encodeNote(note)],
      ],
    })
  }

  /** The relay tells when it was stored, and what others say of it. */
  async learn(hash: Hash, news: Pick<ShelfNote, 'storedAtMs' | 'isAccepted'>): Promise<void> {
    const known = (await this.list()).find((note) => bytesToHex(note.hash) === bytesToHex(hash))
    if (known === undefined) return
    if (known.storedAtMs === news.storedAtMs && known.isAccepted === news.isAccepted) return
    const note = { ...known, ...news }
    this.notes = (this.notes ?? []).map((each) => (each === known ? note : each))
    await this.context.writer.write({ put: [[noteKey(this.document, note.number), encodeNote(note)]] })
  }

  /** The newest that will not be taken back any more, above a number. */
  async settled(above: number, isAlone: boolean): Promise<ShelfNote | undefined> {
    const now = this.context.now()
    const ownNow = this.context.platform.now()
    const isPast = ({ storedAtMs, seenAtMs }: ShelfNote, ms: number): boolean =>
      storedAtMs > 0 && now - storedAtMs >= ms && ownNow - seenAtMs >= ms
    const isSettled = (note: ShelfNote): boolean =>
      note.number > above &&
      ((note.isAccepted && isPast(note, SNAPSHOT_KEEP_MS)) || (isAlone && isPast(note, UNJUDGED_SNAPSHOT_MS)))
    return (await this.list()).findLast(isSettled)
  }

  /** It does not count any more. */
  async drop(number: number): Promise<void> {
    this.notes = this.notes?.filter((note) => note.number !== number)
    const { document } = this
    await this.context.writer.write({ remove: [rowKeys.snapshot(document, number), noteKey(document, number)] })
  }

  /** The rows up to a number, or all, are gone from the store. */
  forget(through = Number.MAX_SAFE_INTEGER): void {
    this.notes = this.notes?.filter(({ number }) => number > through)
  }
}

export function encodeNote({ hash, storedAtMs, seenAtMs, isAccepted }: ShelfNote): Uint8Array {
  const writer = new Writer().byte(ROW_VERSION).fixed(hash, HASH_BYTES).varUint(storedAtMs).flag(isAccepted)
  return writer.varUint(seenAtMs).finish()
}

function decodeNote(bytes: Uint8Array): Omit<ShelfNote, 'number'> {
  try {
    return decodeWhole(bytes, (reader) => {
      const version = reader.byte()
      if (version < 1 || version > ROW_VERSION)
        throw new SyncError('profile-damaged', 'It was written by another version.')
      const hash = reader.fixed<Hash>(HASH_BYTES).slice() as Hash
      const known = { hash, storedAtMs: reader.varUint(), isAccepted: reader.flag() }
      // The first version did not say.
      return { ...known, seenAtMs: version === 1 ? 0 : reader.varUint() }
    })
  } catch (cause) {
    throw new SyncError('profile-damaged', 'What is known of a snapshot cannot be read.', { cause })
  }
}
