// The account that the commands work on: it is found in the store, comes with a sign-in, and goes with a sign-out. Commands that change
// which one it is wait for each other.
import { hasAccount, openAccount } from '../accounts'
import type { Sync } from '../client'
import type { Collection, CollectionType } from '../collection'
import type { Fields } from '../document'
import { SyncError } from '../errors'
import { mailTypes } from '../mail'
import { browserPlatform, type Platform } from '../platform'
import type { Store } from '../storage'
import { Listeners } from '../sync'
import { SentEdits } from './sent-edits'

/** What the commands need of the client. */
export interface SyncCommandsOptions {
  /** Where this device keeps its account. Asked for again after a sign-out, which deletes what was in it. */
  openStore(): Promise<Store>
  /** URL of the relay. */
  readonly relay: string
  /** What people know this device by. */
  readonly deviceName: string
  /** As the old client said it: `windows`, `macos` or `linux`. */
  readonly devicePlatform?: string
  /** Default: that of the browser; in Node pass `nodePlatform()`. */
  readonly platform?: Platform
  /**
   * Shows the 24 words of a new account until the person has written them down. The old sync had none, and who lost the
   * password had lost the data.
   */
  showRecoveryPhrase(phrase: string): void | Promise<void>
  /**
   * Asks for the second factor at sign-in. Without it `sync_login` rejects with `code-required`, and `sync_verify_2fa` completes it.
   */
  askCode?(): Promise<string | undefined>
  /** Told once of each parameter that means nothing any more. */
  onNotice?(notice: OutdatedParameter): void
}

/** A parameter that a command ignores. */
export interface OutdatedParameter {
  readonly command: string
  readonly parameter: string
  /** What is there instead, as a sentence for the developer. */
  readonly message: string
}

type AnyCollection = Collection<Fields>

export class AccountHolder {
  readonly platform: Platform
  readonly listeners = new Listeners<[]>()
  sent = new SentEdits()
  /** When everything was last at the relay, in ms since 1970. */
  lastGreenMs: number | undefined
  /** For the label of an authenticator app. */
  email: string | undefined
  #finding: Promise<Sync | undefined> | undefined
  #collections: Promise<ReadonlyMap<string, AnyCollection>> | undefined
  #turn: Promise<unknown> = Promise.resolve()
  readonly #told = new Set<string>()

  constructor(readonly options: SyncCommandsOptions) {
    this.platform = options.platform ?? browserPlatform()
  }

  /** The account, if this device is in one. */
  find(): Promise<Sync | undefined> {
    this.#finding ??= this.#open().catch((error) => {
      this.#finding = undefined
      throw error
    })
    return this.#finding
  }

  /** @throws SyncError `profile-missing` */
  async get(): Promise<Sync> {
    const sync = await this.find()
    if (sync === undefined) throw new SyncError('profile-missing', 'Nobody is signed in on this device.')
    return sync
  }

  /**
   * The account, when its relay can be asked: just after a start it is still connecting.
   * @throws SyncError as `get`, and as `sync.syncNow`
   */
  async connected(): Promise<Sync> {
    const sync = await this.get()
    if (sync.status.connection !== 'online') await sync.syncNow()
    return sync
  }

  /** Every data type, open. */
  async collections(): Promise<ReadonlyMap<string, AnyCollection>> {
    const sync = await this.get()
    this.#collections ??= openAll(sync)
    return this.#collections
  }

  /** @throws SyncError `invalid-value` for a name that is no data type */
  async collection(name: string): Promise<AnyCollection> {
    const collection = (await this.collections()).get(name)
    if (collection === undefined) throw new SyncError('invalid-value', `“${name}” is no data type.`)
    return collection
  }

  /** @throws SyncError `profile-exists` when the device is in an account, and what `join` throws; nothing is left then */
  adopt(join: (store: Store) => Promise<Sync>): Promise<Sync> {
    return this.inTurn(async () => {
      if ((await this.find()) !== undefined)
        throw new SyncError('profile-exists', 'This device is in an account; sign out first.')
      const store = await this.options.openStore()
      let sync: Sync
      try {
        sync = await join(store)
      } catch (error) {
        await store.close().catch(() => {})
        throw error
      }
      this.#finding = Promise.resolve(sync)
      this.#follow(sync)
      await this.collections()
      this.listeners.tell()
      return sync
    })
  }

  /** The account is gone from this device. */
  forget(): void {
    this.#finding = undefined
    this.#collections = undefined
    this.sent = new SentEdits()
    this.lastGreenMs = undefined
    this.email = undefined
    this.listeners.tell()
  }

  async close(): Promise<void> {
    await this.inTurn(async () => {
      const sync = await this.#finding?.catch(() => undefined)
      this.forget()
      await sync?.close()
    })
  }

  /** One after another, whether those before succeed or not. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work, work)
    this.#turn = turn.catch(() => {})
    return turn
  }

  /** Says once that a parameter means nothing any more, if it was given. */
  notice(command: string, parameter: string, value: unknown, message: string): void {
    if (value === undefined || this.#told.has(`${command} ${parameter}`)) return
    this.#told.add(`${command} ${parameter}`)
    this.options.onNotice?.({ command, parameter, message })
  }

  noticeMasterPassword(command: string, parameters: { readonly master_password?: string } | undefined): void {
    this.notice(
      command,
      'master_password',
      parameters?.master_password,
      'There is no master password: each device has keys of its own, and the recovery phrase opens the account when all are lost.',
    )
  }

  async #open(): Promise<Sync | undefined> {
    const store = await this.options.openStore()
    try {
      if (!(await hasAccount(store, this.platform))) {
        await store.close()
        return undefined
      }
      const sync = await openAccount({ platform: this.platform, store })
      this.#follow(sync)
      return sync
    } catch (error) {
      await store.close().catch(() => {})
      throw error
    }
  }

  #follow(sync: Sync): void {
    const look = (): void => {
      const { isGreen, unsent } = sync.status
      const now = this.platform.now()
      if (isGreen) this.lastGreenMs = now
      this.sent.unsentIs(unsent, now)
      this.listeners.tell()
    }
    sync.subscribe(look)
    look()
  }
}

async function openAll(sync: Sync): Promise<ReadonlyMap<string, AnyCollection>> {
  const opening = Object.values(mailTypes).map(
    async (type) => [type.name, await sync.open(type as unknown as CollectionType<Fields>)] as const,
  )
  return new Map(await Promise.all(opening))
}
