// The public face: an account on this device, its collections, and how far its edits have come.
import { bytesToHex } from '@owlivion/sync-protocol'
import { Collection, type CollectionOptions, type RecordFields } from './collection'
import { SyncError } from './errors'
import { browserPlatform, type Platform } from './platform'
import { refuseSecrets } from './secret-fields'
import type { Store } from './storage'
import {
  type AuditOptions,
  type AuditReport,
  type ConnectionState,
  checkUnsent,
  createProfile,
  type DeviceDetails,
  type DocumentStatus,
  type EditState,
  type Existing,
  type ImportedEdits,
  joinProfile,
  type OwedTask,
  type PhraseAnswer,
  type PhraseQuestion,
  type ReissueDetails,
  readAnyProfile,
  type SkippedChange,
  SyncEngine,
  type SyncEvent,
  type UnsentEdits,
} from './sync'

/** What an account that is on this device already needs from its surroundings. */
export interface OpenOptions {
  /** Clock, randomness, sockets and signatures. Default: those of the browser; in Node pass `nodePlatform()`. */
  readonly platform?: Platform
  /** Where this device keeps its data. The account closes it. */
  readonly store: Store
  /** Connect at once (default), or stay offline until `goOnline`. */
  readonly online?: boolean
}

/** What a device needs that becomes a member of an account, or makes one. */
export interface AccountOptions extends OpenOptions {
  /** URL of the relay: `wss://…`, or `ws://` for one on this machine. */
  readonly relay: string
  /** What people know this device by; other devices show it, the relay cannot read it. */
  readonly deviceName: string
  /** For example "Firefox on Linux". */
  readonly devicePlatform?: string
}

/** What a device needs that becomes a member of an account that is there already. */
export interface JoiningOptions extends AccountOptions {
  /**
   * What becomes of an account that the store holds already. `refuse` (default): nothing, joining is refused. `merge`: its records are brought into
   * the account that is joined, where they meet the records that this has; of two values of one field the later shows and the other stays as a
   * conflict. Deleted records are not brought along. The account in the store must be closed.
   */
  readonly existing?: Existing
}

/** What a device needs that becomes a member by the recovery phrase. */
export interface PhraseOptions extends JoiningOptions {
  /** The 24 words. */
  readonly recoveryPhrase: string
}

/** Where this device stands; every value is as of now, and `sync.subscribe` tells when one changed. */
export interface SyncStatus {
  readonly connection: ConnectionState
  /** Where the weakest of this device's edits has come to: this device's disk, the relay's disk, or another device. */
  readonly state: EditState
  /** Transactions that the relay has not confirmed, also of collections that are not open. */
  readonly unsent: number
  /** True when everything is stored at the relay, verified, and nothing is kept aside or refused. */
  readonly isGreen: boolean
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
 * Creates an account on this device. Works without the relay, which learns of it on the first connection.
 * @returns the account and its recovery phrase: 24 words to be shown, written down, and confirmed with `confirmRecoveryPhrase`. From then on
 * they are kept nowhere; who loses them and all devices has lost the data.
 * @throws SyncError `profile-exists` when the store holds an account already
 *
 * @example
 * const { sync, recoveryPhrase } = await createAccount({
 *   platform: nodePlatform(),
 *   store: openMemoryStore(),
 *   relay: 'wss://relay.example.com',
 *   deviceName: 'laptop',
 *   online: false,
 * })
 * recoveryPhrase.split(' ').length // 24
 * await sync.close()
 */
export async function createAccount(
  options: AccountOptions,
): Promise<{ readonly sync: Sync; readonly recoveryPhrase: string }> {
  const recoveryPhrase = await createProfile(profileOptions(options))
  return { sync: await openAccount(options), recoveryPhrase }
}

/**
 * Makes this device a member of the account that the phrase belongs to.
 * @throws SyncError `phrase-length`, `phrase-word`, `phrase-checksum`, `account-unknown`, `relay-unreachable`, `profile-exists`; nothing is written then
 *
 * @example
 * const store = await openIndexedDbStore('mail')
 * const recoveryPhrase = prompt('The 24 words') ?? ''
 * const sync = await joinAccount({ store, relay: 'wss://relay.example.com', deviceName: 'phone', recoveryPhrase })
 */
export async function joinAccount(options: PhraseOptions): Promise<Sync> {
  await joinProfile(joinOptions(options), options.recoveryPhrase, 'add')
  return openAccount(options)
}

/**
 * Joins as `joinAccount` does, removes every other device, and gives the account a new key in the same step: for when devices are lost.
 * What the removed devices had stored at the relay stays.
 * @throws SyncError as `joinAccount`
 *
 * @example
 * const store = await openIndexedDbStore('mail')
 * const recoveryPhrase = prompt('The 24 words') ?? ''
 * const sync = await recoverAccount({ store, relay: 'wss://relay.example.com', deviceName: 'new laptop', recoveryPhrase })
 * sync.devices().filter((device) => !device.isRemoved).length // 1
 */
export async function recoverAccount(options: PhraseOptions): Promise<Sync> {
  await joinProfile(joinOptions(options), options.recoveryPhrase, 'recover')
  return openAccount(options)
}

/**
 * Opens the account that this store holds.
 * @throws SyncError `profile-missing`, `profile-in-use`, `profile-damaged`
 *
 * @example
 * const sync = await openAccount({ store: await openIndexedDbStore('mail') })
 */
export async function openAccount(options: OpenOptions): Promise<Sync> {
  const engine = await SyncEngine.open(options.platform ?? browserPlatform(), options.store)
  if (options.online ?? true) engine.goOnline()
  return new Sync(engine)
}

/**
 * True when the store holds an account: open it then, and otherwise ask whether to create one or to join.
 * @throws SyncError `profile-damaged` when what it holds cannot be read
 *
 * @example
 * await hasAccount(openMemoryStore(), nodePlatform()) // false
 */
export async function hasAccount(store: Store, platform: Platform = browserPlatform()): Promise<boolean> {
  return (await readAnyProfile(platform, store)) !== undefined
}

function profileOptions(options: AccountOptions): Parameters<typeof createProfile>[0] {
  const platform = options.platform ?? browserPlatform()
  const info = { name: options.deviceName, platform: options.devicePlatform ?? '', addedAtMs: platform.now() }
  return { platform, store: options.store, relay: checkedRelay(options.relay), info }
}

/** @internal What joining needs, checked; also for the package's other entries. */
export function joinOptions(options: JoiningOptions): Parameters<typeof joinProfile>[0] {
  return { ...profileOptions(options), existing: options.existing }
}

/** A relay across the network needs TLS: not for the data, which is sealed, but for who talks to whom and when. */
function checkedRelay(relay: string): string {
  let url: URL
  try {
    url = new URL(relay)
  } catch (cause) {
    throw new SyncError('relay-unreachable', `${relay} is not the address of a relay.`, { retryable: false, cause })
  }
  const isLoopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)
  if (url.protocol === 'wss:' || (url.protocol === 'ws:' && isLoopback)) return relay
  throw new SyncError('relay-unreachable', `${relay} is not encrypted on the way; use wss://.`, { retryable: false })
}

/**
 * An account that is open on this device.
 *
 * @example
 * const contacts = await sync.open<{ name: string }>('contacts')
 * await contacts.add('ann@example.com', { name: 'Ann' })
 */
export class Sync {
  private readonly collections = new Map<string, Promise<Collection<never>>>()
  private readonly opened = new Map<string, Collection<never>>()

  /** @internal Use `createAccount`, `joinAccount` or `openAccount`. */
  constructor(private readonly engine: SyncEngine) {}

  /** Hex of the account's id. */
  get accountId(): string {
    return bytesToHex(this.engine.account)
  }

  /** Hex of this device's id. */
  get deviceId(): string {
    return bytesToHex(this.engine.device)
  }

  /**
   * Opens a data type. The same name answers with the same collection, and its options are those of the first call.
   * @throws SyncError `profile-damaged` when what is on disk cannot be read: a damaged collection is never an empty one
   */
  open<T extends RecordFields<T>>(name: string, options: CollectionOptions<T> = {}): Promise<Collection<T>> {
    // Two spellings of one name are one document, and must be one collection.
    const key = name.normalize('NFC')
    const present = this.collections.get(key)
    if (present !== undefined) return present as unknown as Promise<Collection<T>>
    const opening = this.openCollection<T>(key, options)
    this.collections.set(key, opening as unknown as Promise<Collection<never>>)
    opening.catch(() => this.collections.delete(key))
    return opening
  }

  /** Connects, and stays connected: a lost connection comes back by itself. */
  goOnline(): void {
    // An app's "online" event may come at any time, and must not bring a closed account back.
    if (this.closing === undefined) this.engine.goOnline()
  }

  /** Ends the connection until `goOnline`; reading and writing go on. */
  goOffline(): void {
    this.engine.goOffline()
  }

  get status(): SyncStatus {
    const documents: Record<string, DocumentStatus> = {}
    for (const [name, collection] of this.opened) documents[name] = collection.status
    const all = Object.values(documents)
    const { connection, storageFailure: storage, refusal, unsent } = this.engine
    const { owed, isPhraseConfirmed } = this.engine.membership
    const isGreen =
      connection === 'online' &&
      unsent === 0 &&
      storage === undefined &&
      refusal === undefined &&
      !this.engine.isKeyringForked &&
      !this.engine.isKeyringHidden &&
      all.every((document) => document.caughtUp && document.held.length === 0 && document.refused === undefined)
    return {
      connection,
      state: unsent > 0 ? 'local' : weakest(all.map((document) => document.state)),
      unsent,
      isGreen,
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

  /** The account's devices, removed ones included. */
  devices(): DeviceDetails[] {
    return this.engine.devices()
  }

  /**
   * Asks the relay when and from where it saw the devices; `devices()` tells from then on. The relay's word only, and as of now.
   * @throws SyncError `connection-lost` while there is no connection, `relay-unreachable`
   *
   * @example
   * await sync.refreshDevices()
   * for (const { name, lastSeenMs } of sync.devices()) console.log(name, lastSeenMs && new Date(lastSeenMs))
   */
  async refreshDevices(): Promise<void> {
    await this.engine.service.refreshSightings()
    this.engine.statusChanged()
  }

  /**
   * Reads the account's audit log from the relay, and verifies it against what this device has seen of it: a row that was changed or
   * dropped since is in `problems`, and told as an event too. What the relay never wrote down, nobody can miss.
   * @param options which rows; filters change nothing in what is verified
   * @throws SyncError `connection-lost` while there is no connection, `relay-unreachable`, `relay-misbehaved`
   *
   * @example
   * const { entries, problems, statistics } = await sync.audit({ kinds: ['sign-in', 'sign-in-failed'] })
   * for (const { row, message } of problems) console.warn(row, message)
   * console.log(statistics.byKind['sign-in-failed'] ?? 0, 'failed of', entries.length)
   */
  audit(options: AuditOptions = {}): Promise<AuditReport> {
    return this.engine.service.audit(options)
  }

  /**
   * The audit log as CSV, for other programs. The export is a row of the log itself.
   * @throws as `audit`; `too-many-requests`
   *
   * @example
   * const csv = await sync.exportAudit({ sinceMs: Date.now() - 86_400_000 })
   * const file = new Blob([csv], { type: 'text/csv' })
   */
  exportAudit(options: AuditOptions = {}): Promise<string> {
    return this.engine.service.auditAsCsv(options)
  }

  /**
   * Deletes the account at the relay, for good: its data, its devices, its audit log. Nobody can open it there again. Every device
   * is told and goes to the connection state `refused` with the code `account-deleted`; what devices have stored themselves stays
   * until they `wipe`.
   * @param options `recoveryPhrase`: the one that counts now
   * @throws SyncError `wrong-account` when it is another, `phrase-length`, `phrase-word`, `phrase-checksum`, `connection-lost` while there is no
   * connection; nothing is deleted then. After `relay-unreachable` the next connection tells whether it was
   *
   * @example
   * await sync.deleteAccount({ recoveryPhrase: prompt('The 24 words, to delete everything') ?? '' })
   * await sync.wipe()
   */
  deleteAccount({ recoveryPhrase }: { readonly recoveryPhrase: string }): Promise<void> {
    return this.engine.service.deleteAccount(recoveryPhrase)
  }

  /**
   * Locks devices out and gives the account a new key, in one step: nothing that is written from then on opens to them, and nothing counts
   * that they write. What they had stored at the relay stays. Works while they are offline, and while they write.
   *
   * Stored before it is sent: it is done as soon as the relay can be reached, also after a crash or a restart. `status.owed` shows it until then.
   * @param ids hex ids as in `devices()`; those that are removed already are passed over
   * @returns when it is done
   * @throws SyncError `device-unknown` for an id that is no device of the account, `keyring-refused` for this device's own (it signs out
   * instead), `device-removed` when this device was removed first, `closed` when the account is closed before; it goes on when it is opened
   *
   * @example
   * const lost = sync.devices().find((device) => device.name === 'old laptop')
   * if (lost !== undefined) await sync.removeDevices([lost.id])
   */
  removeDevices(ids: readonly string[]): Promise<void> {
    return this.engine.membership.removeDevices(ids)
  }

  /**
   * Locks out every device but this one, in one step.
   * @throws SyncError as `removeDevices`
   *
   * @example
   * await sync.removeOtherDevices()
   * sync.devices().filter((device) => !device.isRemoved).length // 1
   */
  removeOtherDevices(): Promise<void> {
    return this.engine.membership.removeOtherDevices()
  }

  /**
   * Gives the account a new key for what is written from then on. Waits until everything is caught up and sent and nothing is kept aside.
   * After a removal it is not needed: that brings a new key by itself.
   * @returns when there is a new key, of this device or another
   * @throws SyncError `device-removed`, `closed`; as `removeDevices`
   *
   * @example
   * await sync.rotateKeys()
   */
  rotateKeys(): Promise<void> {
    return this.engine.membership.rotateKeys()
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
    const { unsent } = this.engine
    if (unsent > 0 && !discardUnsent)
      throw new SyncError('unsent-edits', `Signing out would lose ${unsent} edits that the relay has not stored.`)
    await this.engine.membership.leave()
    await this.end({ destroy: true })
  }

  /**
   * The recovery phrase that was made on this device, until it is confirmed: to be shown once more, for example after a crash.
   * @returns undefined when it is confirmed, or was made elsewhere
   *
   * @example
   * const phrase = await sync.unconfirmedPhrase()
   * if (phrase !== undefined) console.log('Write these 24 words down:', phrase)
   */
  unconfirmedPhrase(): Promise<string | undefined> {
    return this.engine.membership.unconfirmedPhrase()
  }

  /**
   * Three words of the unconfirmed phrase that a person is to type back, the same ones each time. Empty when there is none.
   *
   * @example
   * const { sync, recoveryPhrase } = await createAccount({
   *   platform: nodePlatform(),
   *   store: openMemoryStore(),
   *   relay: 'wss://relay.example.com',
   *   deviceName: 'laptop',
   *   online: false,
   * })
   * const words = recoveryPhrase.split(' ')
   * const answers = sync.phraseQuestions().map(({ position }) => ({ position, word: words[position - 1] ?? '' }))
   * answers.length // 3
   * await sync.confirmRecoveryPhrase(answers)
   * sync.status.isPhraseConfirmed // true
   * await sync.close()
   */
  phraseQuestions(): readonly PhraseQuestion[] {
    return this.engine.membership.phraseQuestions()
  }

  /**
   * Forgets the phrase on this device once a person has shown that it is written down. An example is at `phraseQuestions`.
   * @param answers one for each of `phraseQuestions()`; case and spaces around a word do not matter
   * @throws SyncError `phrase-check-failed` with the position of the first word that is missing or wrong; the phrase is kept then
   */
  confirmRecoveryPhrase(answers: readonly PhraseAnswer[]): Promise<void> {
    return this.engine.membership.confirmPhrase(answers)
  }

  /**
   * Gives the account a new recovery phrase and a new key, at once, with the old phrase. The old one opens and signs nothing that comes after;
   * what somebody fetched with it before stays known to them.
   * @param options `recoveryPhrase`: the old one
   * @returns the new phrase, once it counts; this device keeps it until it is confirmed
   * @throws SyncError `wrong-account` when the phrase is not the one that counts now, `phrase-length`, `phrase-word`, `phrase-checksum`,
   * `closed` when the account is closed first; the old phrase is not kept, so the app asks for it again then
   *
   * @example
   * const words = await sync.reissuePhrase({ recoveryPhrase: prompt('The old 24 words') ?? '' })
   * console.log('From now on:', words)
   */
  reissuePhrase({ recoveryPhrase }: { readonly recoveryPhrase: string }): Promise<string> {
    return this.engine.membership.reissuePhrase(recoveryPhrase)
  }

  /**
   * Asks for a new recovery phrase without the old one. Every device shows it; it counts when another device of some age approves it, or by itself
   * after seven days in which nobody vetoed it. Until then the old phrase counts.
   * @returns the phrase that is to count, once the request is in the keyring; this device keeps it until it is confirmed
   * @throws SyncError `keyring-refused` when one is asked for already, `closed`, `device-removed`
   *
   * @example
   * const words = await sync.requestReissue()
   * console.log('In seven days at the latest these words count:', words)
   */
  requestReissue(): Promise<string> {
    return this.engine.membership.requestReissue()
  }

  /**
   * The open request for a new recovery phrase. An app shows it on every device, for it may be a thief's.
   *
   * @example
   * if (sync.reissue !== undefined && !sync.reissue.isMine) console.log('Asked for by', sync.reissue.requestedBy)
   */
  get reissue(): ReissueDetails | undefined {
    return this.engine.membership.reissue
  }

  /**
   * Lets the phrase count at once that another device asked for. A device can that has been in the account for seven days: a newer one may have
   * been let in by whoever asks.
   * @throws SyncError `keyring-refused` when nobody asks, or it was withdrawn meanwhile; `reissue-early` on the device that asks itself, and on
   * one that is new to the account, with `retryAfterMs`
   *
   * @example
   * if (sync.reissue !== undefined && !sync.reissue.isMine) await sync.approveReissue()
   */
  approveReissue(): Promise<void> {
    return this.engine.membership.approveReissue()
  }

  /**
   * Withdraws the open request for a new recovery phrase. Any device may, and so may the holder of the old phrase.
   * @throws SyncError `keyring-refused` when nobody asks, or it was granted meanwhile; `wrong-account` when the phrase is not the one that counts
   *
   * @example
   * if (sync.reissue !== undefined) await sync.vetoReissue()
   */
  vetoReissue({ recoveryPhrase }: { readonly recoveryPhrase?: string } = {}): Promise<void> {
    return this.engine.membership.vetoReissue(recoveryPhrase)
  }

  /**
   * Resolves when everything written so far is on the relay's disk, the account itself included: from then on another device can join.
   * What is written after the call is not waited for.
   * @throws SyncError `closed` when the account is closed first; the reason of `signal` when it aborts
   */
  flush(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return this.until(this.engine.confirmation(), options.signal)
  }

  /**
   * Resolves when every open collection has what the relay has.
   * @throws as `flush`
   */
  whenCaughtUp(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return this.until(() => Object.values(this.status.documents).every((document) => document.caughtUp), options.signal)
  }

  /**
   * Decides a fork of the account's keyring (`status.keyringFork`) with the recovery phrase: the device whose record began the branch that
   * is not kept is removed. Everything else that the devices had done on either branch they do again by themselves.
   * @param options `keep`: `ours` (default) is the branch of this device. With `theirs` this device may be the one that is removed
   * @throws SyncError `keyring-refused` when there is no fork, `wrong-account`, `phrase-length`, `phrase-word`, `phrase-checksum`, `relay-unreachable`,
   * `keyring-fork` when the phrase does not decide it; nothing is changed then
   *
   * @example
   * if (sync.status.keyringFork) await sync.resolveFork(prompt('The 24 words') ?? '')
   */
  resolveFork(recoveryPhrase: string, options: { readonly keep?: 'ours' | 'theirs' } = {}): Promise<void> {
    return this.engine.resolveFork(recoveryPhrase, options.keep ?? 'ours')
  }

  /**
   * What this device wrote and the relay has not confirmed, in words: for a person to keep when the device was removed, and to take into
   * an account again with `importEdits`. Plain JSON, readable at any time, also on a removed device.
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
   * what stands in the account, as any edit does. What would change a record that was deleted is skipped, and said so.
   * @param edits what `unsentEdits` answered, or what `JSON.parse` made of it
   * @throws SyncError `invalid-value` when it is anything else, `secret-field`, `device-removed`; nothing is written then
   *
   * @example
   * const { skipped } = await sync.importEdits(JSON.parse('{"format":"owlivion-unsent-edits","version":1,"account":"","device":"","collections":[]}'))
   */
  async importEdits(edits: unknown): Promise<ImportedEdits> {
    const collections = checkUnsent(edits)
    for (const { changes } of collections)
      for (const { fields, added, removed, counted } of changes)
        refuseSecrets({ ...added, ...removed, ...counted, ...fields })
    const skipped: SkippedChange[] = []
    for (const collection of collections) skipped.push(...(await this.engine.importChanges(collection)))
    const count = collections.reduce((sum, { changes }) => sum + changes.length, 0)
    return { applied: count - skipped.length, skipped }
  }

  /** Closes the account and removes everything that this device keeps of it, the key to its store too. What was not sent is lost. */
  async wipe(): Promise<void> {
    this.closing ??= this.engine.close({ destroy: true })
    for (const reject of [...this.waiting]) reject(new SyncError('closed', 'The account was wiped from this device.'))
    await this.closing
  }

  /** Writes what is still in memory, ends the connection, closes the store, and leaves no timer or handle behind. */
  close(): Promise<void> {
    return this.end()
  }

  private async end(options: { readonly destroy?: boolean } = {}): Promise<void> {
    this.closing ??= this.engine.close(options)
    for (const reject of [...this.waiting]) reject(new SyncError('closed', 'The account was closed.'))
    await this.closing
  }

  private closing: Promise<void> | undefined
  private readonly waiting = new Set<(error: unknown) => void>()

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
    const document = await this.engine.openDocument(name, (changed) => collection?.changed(changed))
    collection = new Collection<T>(name, document, options)
    this.opened.set(name, collection as unknown as Collection<never>)
    // Only now does the status speak of it.
    this.engine.statusChanged()
    return collection
  }
}

/** @internal The engine of an open account, for the package's other entries. */
export function engineOf(sync: Sync): SyncEngine {
  // biome-ignore lint/complexity/useLiteralKeys: the one place that looks behind the face of an account
  return sync['engine']
}

function weakest(states: readonly EditState[]): EditState {
  if (states.includes('local')) return 'local'
  return states.includes('stored') || states.length === 0 ? 'stored' : 'seen'
}
