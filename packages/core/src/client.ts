// The public face of an account that is open on this device: its collections, and how far its edits have come.
import { bytesToHex } from '@owlivion/sync-protocol'
import { AccountDocuments, type Opened } from './client-attach'
import { Collection } from './collection'
import type { CollectionOptions, CollectionType, RecordFields } from './collection-options'
import { SyncError } from './errors'
import { addPoint, POINTS, type PointFields } from './named-points'
import { refuseSecrets } from './secret-fields'
import {
  type ConnectionState,
  checkUnsent,
  type DocumentStatus,
  type EditState,
  type ImportedEdits,
  type OwedTask,
  type SkippedChange,
  type SyncEngine,
  type SyncEvent,
  type UnsentEdits,
} from './sync'
import { TabEngine } from './tabs'

/** Where this device stands; every value is as of now, and `sync.subscribe` tells when one changed. */
export interface SyncStatus {
  readonly connection: ConnectionState
  /** Where the weakest of this device's edits has come to: this device's disk, the relay's disk, or another device. */
  readonly state: EditState
  /** Transactions that the relay has not confirmed, also of collections that are not open. */
  readonly unsent: number
  /** True when everything is stored at the relay, verified, and nothing is kept aside or refused. What is switched off only must not be unsent. */
  readonly isGreen: boolean
  /** True while this device brings back to the relay what that lost, also of collections that are not open: after its disk was wiped, or it was put back to a backup. */
  readonly healing: boolean
  /** Why this device's own store refuses writes, while it does; edits are kept in memory and retried. */
  readonly storage: SyncError | undefined
  /** Why the relay will not have this device. */
  readonly refusal: SyncError | undefined
  /** What this device has yet to do to the account: it waits for the relay, and goes on after a restart. */
  readonly owed: readonly OwedTask[]
  /** False while the phrase that this device made is on no paper for all it knows; see `confirmRecoveryPhrase`. */
  readonly isPhraseConfirmed: boolean
  /**
   * Two branches of the account's keyring exclude each other, for example since two devices removed each other. Edits are kept on this
   * device until somebody decides with the recovery phrase: `resolveFork`.
   */
  readonly keyringFork: boolean
  /** Another device has read a change of the account that the relay does not show this one. Edits are kept on this device until it does. */
  readonly isKeyringHidden: boolean
  readonly documents: Readonly<Record<string, DocumentStatus>>
}

/**
 * An account that is open on this device.
 *
 * @example
 * const contacts = await sync.open<{ name: string }>('contacts')
 * await contacts.add('ann@example.com', { name: 'Ann' })
 */
export class Sync extends AccountDocuments {
  private readonly collections = new Map<string, Promise<Collection<never>>>()
  private closing: Promise<void> | undefined
  private readonly waiting = new Set<(error: unknown) => void>()

  /** Hex of the account's id. */
  get accountId(): string {
    return bytesToHex(this.engine.account)
  }

  /** Hex of this device's id. */
  get deviceId(): string {
    return bytesToHex(this.engine.device)
  }

  /**
   * Opens a data type, by name or as one value like those of `mailTypes`. The same name answers with the same collection, and its options are those of the first call.
   * @throws SyncError `profile-damaged` when what is on disk cannot be read: a damaged collection is never an empty one
   */
  open<T extends RecordFields<T>>(name: string, options?: CollectionOptions<T>): Promise<Collection<T>>
  open<T extends RecordFields<T>>(type: CollectionType<T>): Promise<Collection<T>>
  open<T extends RecordFields<T>>(
    type: string | CollectionType<T>,
    options: CollectionOptions<T> = typeof type === 'string' ? {} : type,
  ): Promise<Collection<T>> {
    const name = typeof type === 'string' ? type : type.name
    // Two spellings of one name are one document, and must be one collection.
    const key = name.normalize('NFC')
    const present = this.collections.get(key)
    if (present !== undefined) return present as unknown as Promise<Collection<T>>
    const opening = this.openCollection<T>(key, options)
    this.collections.set(key, opening as unknown as Promise<Collection<never>>)
    opening.catch(() => this.collections.delete(key))
    return opening
  }

  /**
   * Lets this device use the network: it connects, and stays connected; a lost connection comes back by itself. Another schedule than `live`
   * connects only at its times. Said again, it tells that the network is there (`networkReturned`).
   */
  goOnline(): void {
    // An app's "online" event may come at any time, and must not bring a closed account back.
    if (this.closing === undefined) this.engine.goOnline()
  }

  /** Ends the connection until `goOnline`, whatever the schedule says; reading and writing go on. */
  goOffline(): void {
    this.engine.goOffline()
  }

  get status(): SyncStatus {
    const documents: Record<string, DocumentStatus> = {}
    for (const [name, collection] of this.opened) documents[name] = collection.status
    const all = Object.values(documents)
    const { connection, storageFailure: storage, refusal } = this.engine
    const { unsent, areHealing } = this.engine.documents
    const { owed, isPhraseConfirmed } = this.engine.membership
    const isGreen =
      connection === 'online' &&
      unsent === 0 &&
      !areHealing &&
      storage === undefined &&
      refusal === undefined &&
      !this.engine.isKeyringForked &&
      !this.engine.isKeyringHidden &&
      all.every(
        (each) =>
          each.isOff ||
          (each.caughtUp && each.held.length === 0 && each.suspicions.length === 0 && each.refused === undefined),
      )
    return {
      connection,
      state: unsent > 0 ? 'local' : weakest(all.map((document) => document.state)),
      unsent,
      isGreen,
      healing: areHealing,
      storage,
      refusal,
      keyringFork: this.engine.isKeyringForked,
      isKeyringHidden: this.engine.isKeyringHidden,
      owed,
      isPhraseConfirmed,
      documents,
    }
  }

  /** Calls `listener` whenever the status may have changed. @returns a function that ends it */
  subscribe(listener: () => void): () => void {
    return this.engine.onStatus(listener)
  }

  /** Calls `listener` with every event. @returns a function that ends it */
  on(listener: (event: SyncEvent) => void): () => void {
    return this.engine.on(listener)
  }

  /**
   * Takes this device out of the account and deletes everything that it keeps, then closes. The other devices change the key. The last
   * device of an account should ask for the recovery phrase first: nothing else opens the account afterwards.
   * @param options `discardUnsent`: sign out although there are edits that no relay has stored
   * @returns when the relay has taken it and the data is deleted
   * @throws SyncError `unsent-edits` when edits would be lost and `discardUnsent` is not set; nothing was done then. `closed` when the account
   * is closed before the relay could be reached; it goes on when it is opened
   *
   * @example
   * if (sync.status.unsent === 0) await sync.signOut()
   */
  async signOut({ discardUnsent = false }: { readonly discardUnsent?: boolean } = {}): Promise<void> {
    const { unsent } = this.engine.documents
    if (unsent > 0 && !discardUnsent)
      throw new SyncError('unsent-edits', `Signing out would lose ${unsent} edits that the relay has not stored.`)
    await this.engine.membership.leave()
    await this.end({ destroy: true })
  }

  /**
   * Resolves when everything written so far is on the relay's disk, the account itself included: from then on another device can join.
   * What is written after the call is not waited for, nor what was written to a collection that is switched off.
   * @throws SyncError `closed` when the account is closed first; the reason of `signal` when it aborts
   */
  flush(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return this.until(this.engine.confirmation(), options.signal)
  }

  /**
   * Resolves when every open collection that is not switched off has what the relay has.
   * @throws as `flush`
   */
  whenCaughtUp(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const isBehind = ({ status: { isOff, caughtUp } }: Opened): boolean => !isOff && !caughtUp
    let behind: Opened | undefined
    const isDone = (): boolean => {
      // Of a thousand mostly the last one opened is the last to be there; the others are not asked as long as it is not.
      if (behind === undefined || !isBehind(behind)) behind = [...this.opened.values()].findLast(isBehind)
      return behind === undefined
    }
    return this.until(isDone, options.signal)
  }

  /**
   * What this device wrote and the relay has not confirmed, in words: for a person to keep when the device was removed, and to take into
   * an account again with `importEdits`. Plain JSON, readable at any time, also on a removed device. A text is there as it stands; what was
   * typed in documents that the app attached is not.
   *
   * @example
   * const edits = await sync.unsentEdits()
   * const file = JSON.stringify(edits, undefined, 2)
   */
  unsentEdits(): Promise<UnsentEdits> {
    return this.engine.unsentEdits()
  }

  /**
   * Writes what `unsentEdits` gave as edits of this device, made now. Meant for after a person has looked them through: they replace
   * what stands in the account, as any edit does; of texts only what was typed, and what others have written meanwhile stays. What would
   * change a record that was deleted is skipped, and said so.
   * @param edits what `unsentEdits` answered, or what `JSON.parse` made of it
   * @throws SyncError `invalid-value` when it is anything else, `secret-field`, `device-removed`; nothing is written then
   *
   * @example
   * const { skipped } = await sync.importEdits(JSON.parse('{"format":"owlivion-unsent-edits","version":1,"account":"","device":"","collections":[]}'))
   */
  async importEdits(edits: unknown): Promise<ImportedEdits> {
    const collections = checkUnsent(edits)
    for (const { changes } of collections)
      for (const { fields, added, removed, counted, texts } of changes) {
        refuseSecrets({ ...added, ...removed, ...counted, ...fields })
        // A text is letters; what its formatting is called is the editor's business.
        for (const field of Object.keys(texts ?? {})) refuseSecrets({ [field]: '' })
      }
    const skipped: SkippedChange[] = []
    for (const collection of collections) skipped.push(...(await this.engine.importChanges(collection)))
    const count = collections.reduce((sum, { changes }) => sum + changes.length, 0)
    return { applied: count - skipped.length, skipped }
  }

  /** Closes the account and removes everything that this device keeps of it, the key to its store too. What was not sent is lost. */
  wipe(): Promise<void> {
    return this.end({ destroy: true })
  }

  /**
   * Writes what is still in memory, ends the connection, closes the store, and leaves no timer or handle behind.
   * @param options `discardUnsaved`: close although the device's store refuses edits, which are lost then
   * @throws SyncError `unsaved-edits` when the store refuses edits and `discardUnsaved` is not set; the message says how many. The account stays
   * open then and goes on trying. A store that fails only while the account is closed is said in the same way, and it is closed
   *
   * @example
   * await sync.close().catch((error) => {
   *   if (!isSyncError(error, 'unsaved-edits') || !confirm(`${error.message} Close anyway?`)) throw error
   *   return sync.close({ discardUnsaved: true })
   * })
   */
  async close({ discardUnsaved = false }: { readonly discardUnsaved?: boolean } = {}): Promise<void> {
    if (this.closing === undefined && !discardUnsaved && this.engine.storageFailure !== undefined) {
      await this.engine.trySaving()
      // Somebody discards it meanwhile, or wipes it.
      if (this.closing === undefined) this.refuseUnsaved()
    }
    const isFirst = this.closing === undefined
    await this.end()
    if (isFirst && !discardUnsaved) this.refuseUnsaved()
  }

  private refuseUnsaved(): void {
    const { unsavedEdits, storageFailure: cause } = this.engine
    if (unsavedEdits === 0) return
    const edits = unsavedEdits === 1 ? 'an edit' : `${unsavedEdits} edits`
    throw new SyncError('unsaved-edits', `This device’s store does not take ${edits}, which closing would lose.`, {
      cause,
    })
  }

  private async end(options: { readonly destroy?: boolean } = {}): Promise<void> {
    this.endAttached()
    this.closing ??= this.engine.close(options)
    for (const reject of [...this.waiting]) reject(new SyncError('closed', 'The account was closed.'))
    await this.closing
  }

  private until(isDone: () => boolean, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        unsubscribe()
        this.waiting.delete(fail)
        signal?.removeEventListener('abort', abort)
        settle()
      }
      const fail = (error: unknown): void => end(() => reject(error))
      const abort = (): void => fail(signal?.reason)
      const check = (): void => {
        if (isDone()) end(resolve)
        else if (this.engine.isRemoved)
          fail(new SyncError('device-removed', 'This device was removed from the account; nothing is sent any more.'))
      }
      const unsubscribe = this.subscribe(check)
      this.waiting.add(fail)
      signal?.addEventListener('abort', abort)
      if (signal?.aborted) abort()
      else if (this.closing !== undefined) fail(new SyncError('closed', 'The account is closed.'))
      else check()
    })
  }

  private async openCollection<T extends RecordFields<T>>(
    name: string,
    options: CollectionOptions<T>,
  ): Promise<Collection<T>> {
    let collection: Collection<T> | undefined
    const document = await this.engine.documents.open(name, (changed) => collection?.changed(changed))
    const deviceName = (id: string) => this.engine.devices().find((device) => device.id === id)?.name
    const { platform } = this.engine
    collection = new Collection<T>(name, document, options, {
      ...{ deviceName, deviceId: this.deviceId, now: () => platform.now() },
      random: (length) => platform.random(length),
      namePoint: async (point) =>
        addPoint(await this.open<PointFields>(POINTS), await engineOf(this), { name: point, isAutomatic: true }),
    })
    this.opened.set(name, collection)
    // Only now does the status speak of it.
    this.engine.statusChanged()
    return collection
  }
}

/**
 * @internal The engine of an open account, for the package's other entries: what they do only the tab that leads can, so this one
 * takes the lead.
 * @throws SyncError `profile-in-use` when the tab that leads is in the middle of something of that kind
 */
export async function engineOf(sync: Sync): Promise<SyncEngine> {
  // biome-ignore lint/complexity/useLiteralKeys: the one place that looks behind the face of an account
  const engine = sync['engine']
  return engine instanceof TabEngine ? engine.takeLead() : (engine as SyncEngine)
}

/** @internal For `keepHistory`, which is no reason to take the lead. */
export function keepHistoryFor(sync: Sync, keepMs: number): void {
  // biome-ignore lint/complexity/useLiteralKeys: as above
  const engine = sync['engine']
  if (engine instanceof TabEngine) engine.keepHistory(keepMs)
  else (engine as SyncEngine).history.keepMs = keepMs
}

function weakest(states: readonly EditState[]): EditState {
  if (states.includes('local')) return 'local'
  return states.includes('stored') || states.length === 0 ? 'stored' : 'seen'
}
