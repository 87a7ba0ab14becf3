// A change of what unlocks the account's sign-in keys takes several steps at the relay: a key comes into the keyring, something is
// registered for it, another key goes. Which keys are meant is on disk before the first step, so that whatever a crash leaves over
// goes when this device is next online: a key stays exactly when the relay names it as one that something unlocks.
//
//   ['sign-in-change']   the keys of a change that is under way
import {
  activeDevice,
  bytesToHex,
  DEVICE_ID_BYTES,
  type DeviceId,
  decodeWhole,
  type KeyringState,
  MAX_KEYRING_RECORDS,
  Writer,
} from '@owlivion/sync-protocol'
import { isSyncError, SyncError } from '../../errors'
import type { Store, StoreBatch, StoreKey } from '../../storage'
import type { AccountCalls } from './account-calls'
import { fieldsOf, listIn } from './answer-fields'

const changeKey: StoreKey = ['sign-in-change']
const ROW_VERSION = 1

export interface SignInChangeContext {
  readonly store: Store
  readonly calls: Pick<AccountCalls, 'ask'>
  keyring(): KeyringState
  /** Commits strictly. */
  write(batch: StoreBatch): Promise<void>
  /** Completed once it is begun, also after a restart. @param ids hex */
  removeMembers(ids: readonly string[]): Promise<void>
  report(error: SyncError): void
}

export class SignInChange {
  private running: Promise<unknown> = Promise.resolve()
  private isRunning = false

  constructor(private readonly context: SignInChangeContext) {}

  /**
   * One after the other: two changes at once would each take the other's key for a leftover.
   * @param members the keys that come and those that may go
   * @throws what `steps` throws
   */
  run<T>(members: readonly DeviceId[], steps: () => Promise<T>): Promise<T> {
    const result = this.running.then(async () => {
      this.isRunning = true
      try {
        await this.note(members)
        return await steps()
      } finally {
        await this.settle().catch(() => {
          // The connection is gone, or the account closed: what is left goes the next time that this device is online.
        })
        this.isRunning = false
      }
    })
    this.running = result.catch(() => {})
    return result
  }

  /** This device is online: what an earlier change has left over goes. */
  online(): void {
    if (this.isRunning) return
    this.running = this.running.then(() =>
      this.settle().catch((error) => {
        if (isSyncError(error) && !error.retryable && error.code !== 'closed') this.context.report(error)
      }),
    )
  }

  private async note(members: readonly DeviceId[]): Promise<void> {
    const noted = new Map([...(await this.noted()), ...members].map((id) => [bytesToHex(id), id]))
    const writer = new Writer().byte(ROW_VERSION)
    writer.list([...noted.values()], (id) => writer.fixed(id, DEVICE_ID_BYTES), MAX_KEYRING_RECORDS)
    await this.context.write({ put: [[changeKey, writer.finish()]] })
  }

  private async noted(): Promise<DeviceId[]> {
    const bytes = await this.context.store.get(changeKey)
    if (bytes === undefined) return []
    try {
      return decodeWhole(bytes, (reader) => {
        if (reader.byte() !== ROW_VERSION) throw new SyncError('profile-damaged', 'It was written by another version.')
        return reader.list(MAX_KEYRING_RECORDS, DEVICE_ID_BYTES, () => reader.fixed<DeviceId>(DEVICE_ID_BYTES))
      })
    } catch (cause) {
      throw new SyncError('profile-damaged', 'A change of sign-in that was begun cannot be read.', { cause })
    }
  }

  private async settle(): Promise<void> {
    const noted = await this.noted()
    if (noted.length === 0) return
    const { keyring, write, removeMembers } = this.context
    const used = await this.usedKeys()
    const unused = noted.filter((id) => activeDevice(keyring(), id) !== undefined && !used.has(bytesToHex(id)))
    if (unused.length > 0) await removeMembers(unused.map(bytesToHex))
    await write({ remove: [changeKey] })
  }

  private async usedKeys(): Promise<ReadonlySet<string>> {
    try {
      return keysInUse(await this.context.calls.ask('sign-in.state', {}))
    } catch (error) {
      // A relay without sign-in unlocks nothing.
      if (isSyncError(error, 'unknown-call')) return new Set()
      throw error
    }
  }
}

/** Hex ids of the sign-in keys that something unlocks, from the relay's `sign-in.state`. */
export function keysInUse(answer: object): ReadonlySet<string> {
  return new Set(listIn(fieldsOf(answer), 'keys', MAX_KEYRING_RECORDS).map(String))
}
