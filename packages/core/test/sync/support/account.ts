// An account whose members are all here: a keyring with a genesis device and others that joined with the phrase.
import type { DeviceId, DocumentId, KeyringState } from '@owlivion/sync-protocol'
import {
  appendRecord,
  createAdd,
  createDeviceKeys,
  createGenesis,
  createRecover,
  createRemove,
  type DeviceKeys,
  type RecoveryKeys,
  recoveryKeysOf,
} from '../../../src/account'
import type { SyncError } from '../../../src/errors'
import { MemoryDisk, openMemoryStore, type Store } from '../../../src/storage'
import type { KeyringRow } from '../../../src/sync/account/profile'
import type { AccountContext } from '../../../src/sync/account-context'
import { AccountKeyring } from '../../../src/sync/keyring/account-keyring'
import { StoreWriter } from '../../../src/sync/store-writer'
import { FakePlatform } from './fake-platform'

export const details = (name: string) => ({ name, platform: 'test', addedAtMs: 1_700_000_000_000 })

export class TestAccount {
  readonly records: KeyringRow[] = []
  readonly devices: DeviceKeys[] = []
  readonly recovery: RecoveryKeys
  state!: KeyringState

  private constructor(private readonly platform: FakePlatform) {
    this.recovery = recoveryKeysOf(platform.random(32))
  }

  /**
   * @param deviceCount the first made the account, the others joined it
   * @param seed another one makes another account
   */
  static async create(deviceCount = 2, seed = 77): Promise<TestAccount> {
    const account = new TestAccount(new FakePlatform(seed))
    const { platform, recovery } = account
    const device = account.newDevice()
    await account.append({ record: await createGenesis(platform, { recovery, device, info: details('first') }) })
    for (let i = 1; i < deviceCount; i++) await account.addDevice()
    return account
  }

  /** A device that comes with the phrase. */
  async addDevice(): Promise<DeviceKeys> {
    const device = this.newDevice()
    const record = await createAdd(this.platform, this.state, {
      signer: this.recovery,
      device,
      info: details('another'),
    })
    await this.append({ record })
    return device
  }

  /** A new device takes the account back; all others are out, and count as far as `cut` says. */
  async recover(cut: Parameters<typeof createRecover>[2]['cut'] = []): Promise<DeviceKeys> {
    const device = this.newDevice()
    const { recovery, platform } = this
    await this.append(await createRecover(platform, this.state, { recovery, device, info: details('new'), cut }))
    return device
  }

  /** One device removes others, which count as far as `cut` says. */
  async remove(signer: number, removed: readonly number[], cut: Parameters<typeof createRemove>[2]['cut'] = []) {
    const { platform } = this
    const ids = removed.map((index) => (this.devices[index] as DeviceKeys).id)
    const keys = this.devices[signer] as DeviceKeys
    await this.append(await createRemove(platform, this.state, { signer: keys, removed: ids, cut }))
  }

  private newDevice(): DeviceKeys {
    const device = createDeviceKeys(this.platform.random, this.platform.signing)
    this.devices.push(device)
    return device
  }

  private async append(row: KeyringRow): Promise<void> {
    this.state = await appendRecord(this.platform.signing, this.records.length ? this.state : undefined, row.record)
    this.records.push(row)
  }

  /** One device as its documents see it. */
  async context(index: number, options: ContextOptions = {}): Promise<TestContext> {
    const keys = this.devices[index] as DeviceKeys
    const platform = options.platform ?? new FakePlatform(index + 1)
    const store = options.store ?? openMemoryStore(options.disk ?? new MemoryDisk())
    const reports: SyncError[] = []
    const writer = new StoreWriter(store, platform, (error) => error && reports.push(error))
    const known = this.records.slice(0, options.keyringLength ?? this.records.length)
    const keyring = await AccountKeyring.open(platform, { id: keys.id, keys }, known, (batch) => writer.write(batch))
    return {
      platform,
      store,
      writer,
      reports,
      keyringState: keyring,
      account: this.state.account,
      device: keys.id,
      keyring: () => keyring.state,
      keyAt: (document, position) => keyring.keyAt(document, position),
      newestKey: (document) => keyring.newestKey(document),
      sign: (message) => platform.signing.sign(keys.signingSeed, message),
      isCutOff: (document: DocumentId, device: DeviceId, incarnation: number, sequence: number) =>
        keyring.isCutOff(document, device, incarnation, sequence),
      isRemoved: false,
      get hasLostKeys() {
        return keyring.hasLostKeys
      },
      lostKeysAt: (document, position) => keyring.lostKeysAt(document, position),
      now: () => platform.now() + (options.clockOffsetMs ?? 0),
      clockOffsetMs: 'clockOffsetMs' in options ? options.clockOffsetMs : 0,
      report: (error) => void reports.push(error),
    }
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export interface ContextOptions {
  readonly platform?: FakePlatform
  readonly disk?: MemoryDisk
  readonly store?: Store
  /** How many of the account's records this device has read. */
  readonly keyringLength?: number
  /** Default 0: the relay has told its time, and it is this device's own. */
  readonly clockOffsetMs?: number | undefined
}

export interface TestContext extends Mutable<AccountContext> {
  readonly platform: FakePlatform
  readonly keyringState: AccountKeyring
  readonly reports: SyncError[]
}
