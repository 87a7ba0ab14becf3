// The documents of an account that are open on this device: those that the app asked for, and those with edits that no relay has
// confirmed, which go out whether or not the app opens their collection this time.
import {
  bytesEqual,
  bytesToHex,
  type CutEntry,
  type DeviceId,
  type DocumentId,
  hexToBytes,
} from '@owlivion/sync-protocol'
import { documentIdOf, KEY_BYTES } from '../../crypto'
import type { AccountContext } from '../account-context'
import { lanePrefix } from '../writing/lanes'
import { decodeName, encodeName, nameKey, readNames } from './document-names'
import { DocumentSync } from './document-sync'
import { documentPrefix, pendingPrefix } from './rows'
import { decodeState } from './state-row'

/** Called with the ids of changed records, or undefined when any may have changed. */
export type OnChange = (changed: ReadonlySet<string> | undefined) => void

/** A store that is broken is not waited for. What is lost then comes again from the relay. */
const KEEP_SHOWN_MS = 1_000

export interface OpenDocumentsOptions {
  readonly context: AccountContext
  /** @returns the wire id of a document of this name */
  documentId(name: string): DocumentId
  /** Settled when a removal that is under way has done its part. */
  removing(): Promise<void> | undefined
  opened(document: DocumentSync): void
  onStatus(): void
}

export class OpenDocuments {
  private readonly documents = new Map<string, DocumentSync>()
  private readonly opening = new Map<string, Promise<DocumentSync>>()
  /** Of the documents that the app has opened. */
  private readonly changeListeners = new Map<string, OnChange>()

  constructor(private readonly options: OpenDocumentsOptions) {}

  /** Opens a document by name; a second call answers with the same one. */
  async open(name: string, onChange?: OnChange): Promise<() => DocumentSync> {
    const id = await this.namedDocument(name)
    if (onChange !== undefined) this.changeListeners.set(bytesToHex(id), onChange)
    return this.openById(id)
  }

  async openUnsent(): Promise<void> {
    const { store } = this.options.context
    const [pending, lanes] = await Promise.all([store.list(pendingPrefix), store.list(lanePrefix)])
    const ids = new Set([...pending, ...lanes].map(([[, document]]) => document as string))
    await Promise.all(
      [...ids].map((hex) =>
        this.openById(hexToBytes(hex) as DocumentId).catch(() => {
          // A document that cannot be read says so when the app opens it; the others go on.
        }),
      ),
    )
  }

  /** Also those that the app has not asked for, but for what is switched off: their relay may have lost them. */
  async openAll(): Promise<void> {
    const rows = await this.options.context.store.list(documentPrefix)
    for (const [[, hex, kind]] of rows) {
      const id = hexToBytes(hex as string) as DocumentId
      // One that cannot be read says so when the app opens it.
      if (kind === 'state' && !this.isOff(id)) await this.openById(id).catch(() => {})
    }
  }

  /** Takes over what other tabs of this profile stored, also of collections that are not open here. */
  async adoptLanes(): Promise<void> {
    const rows = await this.options.context.store.list(lanePrefix)
    const ids = new Set(rows.map(([[, document]]) => document as string))
    const adopt = async (hex: string): Promise<void> => {
      const document = await this.openById(hexToBytes(hex) as DocumentId)
      await document().adopt()
    }
    // What cannot be taken now is taken at the next chance.
    await Promise.all([...ids].map((hex) => adopt(hex).catch(() => {})))
  }

  all(): Iterable<DocumentSync> {
    return this.documents.values()
  }

  find(id: DocumentId): DocumentSync | undefined {
    return this.documents.get(bytesToHex(id))
  }

  /** Those that this device syncs: the connection knows no others. */
  synced(): DocumentSync[] {
    return [...this.all()].filter(({ document }) => !this.isOff(document))
  }

  findSynced(id: DocumentId): DocumentSync | undefined {
    return this.isOff(id) ? undefined : this.find(id)
  }

  private isOff(id: DocumentId): boolean {
    return this.options.context.isOff?.(id) ?? false
  }

  /** Transactions of all documents, those the app has not opened included, that the relay has not confirmed. */
  get unsent(): number {
    let unsent = 0
    for (const document of this.all()) unsent += document.unsent
    return unsent
  }

  /** A relay is being given back what it lost of a document, whether or not the app has opened it. */
  get areHealing(): boolean {
    return this.synced().some(({ lacksAtRelay }) => lacksAtRelay)
  }

  /** Nothing is under way that a new key could get in the way of. */
  get areClean(): boolean {
    return this.synced().every(({ status }) => {
      return status.caughtUp && status.unsent === 0 && status.held.length === 0 && status.refused === undefined
    })
  }

  get missKeyring(): boolean {
    return [...this.all()].some((document) => document.missesKeyring)
  }

  /** @returns tells whether the relay has confirmed everything written so far */
  confirmation(): () => boolean {
    const checks = this.synced().map((document) => {
      const isConfirmed = document.confirmation()
      // What is switched off meanwhile stays here by intention.
      return () => this.isOff(document.document) || isConfirmed()
    })
    return () => checks.every((isConfirmed) => isConfirmed())
  }

  /** Where the chains of these devices end, as far as this device verified them, in documents that are open and those that are not. */
  async chainEnds(devices: readonly DeviceId[]): Promise<CutEntry[]> {
    const chainsByDocument = new Map([...this.documents].map(([hex, { chains }]) => [hex, chains]))
    for (const [[, hex, kind], bytes] of await this.options.context.store.list(documentPrefix)) {
      if (kind !== 'state' || chainsByDocument.has(hex as string)) continue
      try {
        chainsByDocument.set(hex as string, decodeState(bytes).chains)
      } catch {
        // One that is damaged says so when it is opened, and must not keep a thief in the account.
      }
    }
    return [...chainsByDocument].flatMap(([hex, chains]) =>
      [...chains]
        .filter(([{ device }, { broken }]) => !broken && devices.some((id) => bytesEqual(id, device)))
        .map(([lineage, { sequence, hash }]) => ({
          ...lineage,
          document: hexToBytes(hex) as DocumentId,
          sequence,
          hash,
        })),
    )
  }

  /**
   * Before closing.
   * @returns when what is shown and was not verified yet is on this device's disk, or that takes too long; undefined when there is nothing
   */
  keepShown(): Promise<void> | undefined {
    const shown = [...this.all()].filter((document) => document.hasUnverified)
    if (shown.length === 0) return undefined
    return new Promise<void>((resolve) => {
      const cancel = this.options.context.platform.setTimer(KEEP_SHOWN_MS, resolve)
      void Promise.all(shown.map((document) => document.settled().catch(() => {}))).then(() => {
        cancel()
        resolve()
      })
    })
  }

  /** Ends all writing, also of documents that are being opened; what is here can be read from then on. */
  async freeze(): Promise<void> {
    await Promise.allSettled(this.opening.values())
    await Promise.all([...this.all()].map((document) => document.freeze()))
  }

  async close(): Promise<void> {
    await Promise.all([...this.all()].map((document) => document.close()))
  }

  private async namedDocument(name: string): Promise<DocumentId> {
    const { context, documentId, removing } = this.options
    if (context.isRemoved) {
      await removing()
      const known = await readNames(context.store)
      // The key that names are made with is gone. One that was never opened here is empty, whatever its id.
      return known.find((each) => each.name === name)?.document ?? documentIdOf(new Uint8Array(KEY_BYTES), name)
    }
    const id = documentId(name)
    // In the writer's queue before any edit of the document is.
    const stored = await context.store.get(nameKey(id))
    if (stored === undefined) void context.writer.write({ put: [[nameKey(id), encodeName(name)]] }).catch(() => {})
    else decodeName(stored)
    return id
  }

  private async openById(id: DocumentId): Promise<() => DocumentSync> {
    const { context, removing, opened, onStatus } = this.options
    const key = bytesToHex(id)
    await removing()
    let opening = this.opening.get(key)
    if (opening === undefined) {
      const onChange: OnChange = (changed) => this.changeListeners.get(key)?.(changed)
      opening = DocumentSync.open(context, id, onChange, onStatus)
      this.opening.set(key, opening)
      opening.catch(() => this.opening.delete(key))
    }
    const document = await opening
    if (!this.documents.has(key)) {
      this.documents.set(key, document)
      // The relay may have told the time while the document was being read.
      document.shiftPending()
      if (!this.isOff(id)) opened(document)
    }
    return () => document
  }
}
