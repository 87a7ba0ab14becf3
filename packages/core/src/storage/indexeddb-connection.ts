// The store function that idb-keyval takes, in the place of its own: that one resolves before the data is committed, keeps
// the earlier puts of a callback that threw, never lets go of a database that somebody wants to delete, and opens an empty
// new one in the place of a database that was deleted under it.
import type { UseStore } from 'idb-keyval'
import { SyncError } from '../errors'
import { setSystemTimer } from '../platform/timer'
import { storageFailure, storageRefusal, storeClosed } from './failure'

const objectStoreName = 'entries'
/** 2 since rows are boxed: an earlier version of the app in another tab lets go of the database, and cannot open it again. */
const databaseVersion = 2

/** Says in a new database that the browser lost the one before. Not an array as the keys of rows are, so that it lies outside every range of them. */
export const lossKey = 'lost'

/** What Chromium adds to the event; it tells only whoever opens the first database after the loss. */
interface MayTellOfLoss {
  readonly dataLoss?: 'none' | 'total'
  readonly dataLossMessage?: string
}

/** How long the tab that has a database open may take to let go of it. */
const LONGEST_RELEASE_MS = 5_000

/**
 * How browsers say that the connection, not the request, failed: InvalidStateError for a connection that is closing, AbortError for
 * transactions it took along, UnknownError in Safari ("Connection to Indexed Database server lost").
 */
const connectionErrors: ReadonlySet<unknown> = new Set(['InvalidStateError', 'AbortError', 'UnknownError'])

export class IndexedDbConnection {
  readonly #factory: IDBFactory
  readonly #name: string
  /** Undefined while there is no usable connection; the next transaction makes one. */
  #database: Promise<IDBDatabase> | undefined
  /** Why there will be no connection again. */
  #ended: SyncError | undefined

  private constructor(factory: IDBFactory, name: string) {
    this.#factory = factory
    this.#name = name
  }

  /** Opens the database, or makes it when there is none: only here. Later its absence is a loss and reported as one. */
  static async open(factory: IDBFactory, name: string): Promise<IndexedDbConnection> {
    const connection = new IndexedDbConnection(factory, name)
    await connection.#connect({ mayCreate: true })
    return connection
  }

  /**
   * A store function whose promise resolves when the transaction is complete and rejects when nothing of it was applied. A callback that
   * throws or rejects aborts it. When the browser dropped the connection, the callback runs once more on a new one, so it
   * must do the same thing twice and no other transaction may change the same keys meanwhile.
   */
  withDurability(durability: IDBTransactionDurability): UseStore {
    return async (mode, callback) => {
      const first = this.#connect()
      try {
        return await runTransaction(await first, mode, durability, callback)
      } catch (error) {
        if (!connectionErrors.has((error as Error | null)?.name)) throw error
        await this.#drop(first)
        return await runTransaction(await this.#connect(), mode, durability, callback)
      }
    }
  }

  /** Lets running transactions finish and refuses new ones. */
  async close(): Promise<void> {
    this.#ended ??= storeClosed()
    if (this.#database) await this.#drop(this.#database)
  }

  /** Of a connection that was closed. */
  deleteDatabase(): Promise<void> {
    return deleteIndexedDb(this.#factory, this.#name)
  }

  #connect({ mayCreate = false } = {}): Promise<IDBDatabase> {
    if (this.#ended) return Promise.reject(this.#ended)
    if (this.#database) return this.#database
    const opening = openDatabase(this.#factory, this.#name, mayCreate)
    const drop = () => this.#drop(opening)
    opening.then((database) => {
      database.addEventListener('close', drop)
      database.addEventListener('versionchange', (event) => this.#giveWay(database, event))
    }, drop)
    this.#database = opening
    return opening
  }

  /** Names the connection it drops: another transaction that lost it too may have made the next one already. */
  async #drop(connection: Promise<IDBDatabase>): Promise<void> {
    if (this.#database === connection) this.#database = undefined
    await connection.then(
      (database) => database.close(),
      // One that was never made needs no closing; whoever asked for it was told.
      () => {},
    )
  }

  /**
   * Somebody deletes the database or needs another version of it, and waits for us. Staying open would block them; opening again
   * would queue behind them and then find their database, not ours.
   */
  #giveWay(database: IDBDatabase, event: IDBVersionChangeEvent): void {
    database.close()
    this.#ended ??= storageRefusal(
      event.newVersion === null
        ? `The database ${this.#name} was deleted while it was open.`
        : `The database ${this.#name} was taken over by another version of the app.`,
    )
  }
}

/** Deletes the database, if there is one. Rejects with `profile-in-use` when another tab does not let go; it is deleted when that tab does. */
export function deleteIndexedDb(factory: IDBFactory, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = factory.deleteDatabase(name)
    let stopWaiting = () => {}
    // A tab that lets go still finishes its transaction; one that does not would keep us for ever.
    request.onblocked = () => {
      stopWaiting = setSystemTimer(LONGEST_RELEASE_MS, () =>
        reject(new SyncError('profile-in-use', `The database ${name} is open in another tab, and deleted after that.`)),
      )
    }
    request.onsuccess = () => {
      stopWaiting()
      resolve()
    }
    request.onerror = () => {
      stopWaiting()
      reject(storageFailure(`The database ${name} could not be deleted`, request.error))
    }
  })
}

function openDatabase(factory: IDBFactory, name: string, mayCreate: boolean): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, databaseVersion)
    let refusal: SyncError | undefined
    request.onupgradeneeded = (event) => {
      const { oldVersion } = event
      if (oldVersion > 0 && request.result.objectStoreNames.contains(objectStoreName)) return
      if (oldVersion === 0 && mayCreate) {
        const entries = request.result.createObjectStore(objectStoreName)
        const { dataLoss, dataLossMessage } = event as IDBVersionChangeEvent & MayTellOfLoss
        // In the database itself: it has to be said at every start, until somebody has taken note of it.
        if (dataLoss === 'total') entries.put(dataLossMessage || 'The browser does not say why.', lossKey)
        return
      }
      refusal =
        oldVersion > 0 ? foreignDatabase(name) : storageRefusal(`The database ${name} was deleted while it was open.`)
      // Takes a new, empty database away again, and leaves a foreign one as it was.
      request.transaction?.abort()
    }
    request.onsuccess = () => {
      if (request.result.objectStoreNames.contains(objectStoreName)) return resolve(request.result)
      request.result.close()
      reject(foreignDatabase(name))
    }
    request.onerror = () => reject(refusal ?? openFailure(name, request.error))
  })
}

function foreignDatabase(name: string): SyncError {
  return new SyncError('profile-damaged', `The database ${name} exists and was not made by this package.`)
}

function openFailure(name: string, error: DOMException | null): SyncError {
  return error?.name === 'VersionError'
    ? storageRefusal(`The database ${name} was written by a newer version of the app.`, error)
    : storageFailure(`The database ${name} does not open`, error)
}

function runTransaction<T>(
  database: IDBDatabase,
  mode: IDBTransactionMode,
  durability: IDBTransactionDurability,
  callback: (store: IDBObjectStore) => T | PromiseLike<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(objectStoreName, mode, { durability })
    let thrown: { readonly error: unknown } | undefined
    const abort = (error: unknown) => {
      thrown ??= { error }
      try {
        transaction.abort()
      } catch {
        // It is over already, and its own event has settled the promise.
      }
    }
    // When site data is cleared, Chromium may close the connection and leave its transactions without an end of their own.
    const lost = () => reject(connectionGone())
    database.addEventListener('close', lost)
    // Listeners and not on… properties, which idb-keyval sets for itself.
    transaction.addEventListener('abort', () => {
      database.removeEventListener('close', lost)
      reject(transaction.error ?? thrown?.error ?? connectionGone())
    })
    let result: T | PromiseLike<T>
    try {
      result = callback(transaction.objectStore(objectStoreName))
      // Before the abort event the requests fail one by one, which says less than the transaction's own error.
      Promise.resolve(result).catch(abort)
    } catch (error) {
      abort(error)
    }
    transaction.addEventListener('complete', () => {
      database.removeEventListener('close', lost)
      resolve(result)
    })
  })
}

function connectionGone(): DOMException {
  return new DOMException('The transaction was aborted from outside.', 'AbortError')
}
