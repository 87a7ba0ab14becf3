// Becoming a member. Creating an account needs no relay; joining one needs the phrase and the relay. Nothing is written
// before the phrase has opened the account, and the device's keys are on disk before the relay lets them in.
import {
  type AccountId,
  activeDevices,
  bytesEqual,
  compareBytes,
  type DeviceId,
  findDevice,
  type KeyringState,
  recordHash,
  suspendSigningBytes,
} from '@owlivion/sync-protocol'
import {
  createAdd,
  createDeviceKeys,
  createGenesis,
  createRecover,
  createRecoveryPhrase,
  type DeviceInfo,
  type DeviceKeys,
  parseRecoveryPhrase,
  type RecoveryKeys,
  recoveryKeysOf,
} from '../../account'
import { isSyncError, SyncError } from '../../errors'
import type { Platform } from '../../platform'
import type { Store } from '../../storage'
import { type DialogLogin, type MemberLogin, RelayDialog } from '../connection/relay-dialog'
import { KeyringReader } from '../keyring/keyring-reader'
import { phraseRow } from '../keyring/phrase-keeper'
import { copyHeads, cutOf } from '../keyring/removal-cut'
import { type Existing, ProfilePlace } from './adopt-profile'
import { decodeProfile, encodeProfile, joiningKey, type KeyringRow } from './profile'

export interface JoinOptions {
  readonly platform: Platform
  readonly store: Store
  readonly relay: string
  readonly info: DeviceInfo
  /** Default: refuse. */
  readonly existing?: Existing | undefined
}

/** How often a lost race for the keyring's head is run again. Each loss means that another device got ahead. */
const MAX_RACES = 16

/** @returns the recovery phrase, which the store keeps until a person has confirmed it */
export async function createProfile({ platform, store, relay, info }: JoinOptions): Promise<string> {
  const place = await ProfilePlace.prepare(platform, store)
  const phrase = await createRecoveryPhrase(platform.random)
  const recovery = recoveryKeysOf(phrase.entropy, platform.signing)
  const device = createDeviceKeys(platform.random, platform.signing)
  const record = await createGenesis(platform, { recovery, device, info })
  const profile = { account: recovery.account, keys: device, relay }
  await place.take(profile, [{ record }], undefined, [phraseRow(platform, phrase.entropy)])
  return phrase.text
}

/** `recover`: all other devices are removed and the account gets a new key, in the same record. */
export async function joinProfile(options: JoinOptions, phraseText: string, mode: 'add' | 'recover'): Promise<void> {
  const { signing } = options.platform
  await join(options, async () => ({ login: recoveryKeysOf(await parseRecoveryPhrase(phraseText), signing), mode }))
}

/** By a member whose secret was unlocked for this: a sign-in key lets this device in. */
export function joinWithKey(options: JoinOptions, unlock: () => Promise<MemberLogin>): Promise<void> {
  return join(options, async () => ({ login: await unlock(), mode: 'add' }))
}

async function join(
  { platform, store, relay, info, existing }: JoinOptions,
  prove: () => Promise<Pick<Newcomer, 'login' | 'mode'>>,
): Promise<void> {
  const place = await ProfilePlace.prepare(platform, store, existing)
  try {
    const joining = new Joining(platform, store, place, relay, { ...(await prove()), info })
    try {
      await joining.run()
    } finally {
      joining.close()
    }
  } finally {
    place.release()
  }
}

class Joining {
  private dialog: RelayDialog | undefined
  /** As the relay named it: a phrase that was issued later does not tell by itself which account it belongs to. */
  private account: AccountId | undefined
  private readonly keyring: KeyringReader
  /** The relay's clock minus the device's, in ms. */
  private clockOffsetMs = 0

  constructor(
    private readonly platform: Platform,
    private readonly store: Store,
    private readonly place: ProfilePlace,
    private readonly relay: string,
    private readonly newcomer: Newcomer,
  ) {
    this.keyring = new KeyringReader(platform.signing)
  }

  async run(): Promise<void> {
    await this.connect()
    let device = await this.begin()
    for (let race = 0; race < MAX_RACES; race++) {
      const state = await this.readKeyring()
      if (!bytesEqual(this.expectedAccount ?? state.account, state.account))
        throw new SyncError('wrong-account', 'The relay sent the keyring of another account than the one it named.')
      const member = findDevice(state, device.id)
      if (member !== undefined && member.removedAt === undefined) {
        await this.finish(state, device)
        return
      }
      // Removed meanwhile: its keys are of no use to anybody any more.
      if (member !== undefined) device = await this.beginAnew()
      await this.append(state, device)
    }
    throw new SyncError('keyring-conflict', 'Other devices changed the account again and again meanwhile.')
  }

  close(): void {
    this.dialog?.close()
  }

  /** A member's key was unlocked together with the account that it belongs to; of a phrase only the relay can tell. */
  private get expectedAccount(): AccountId | undefined {
    const { login } = this.newcomer
    return 'device' in login ? login.account : this.account
  }

  /** The keys of an earlier attempt whose end nobody knows: if the relay took its record, it is this device. */
  private async begin(): Promise<DeviceKeys> {
    const { login, mode } = this.newcomer
    const bytes = mode === 'add' ? await this.store.get(joiningKey) : undefined
    const earlier = bytes && decodeProfile(this.platform, bytes)
    if (earlier !== undefined && bytesEqual(earlier.account, login.account)) return earlier.keys
    return this.beginAnew()
  }

  /** Keys first: a device that the account knows and that has lost its keys could not be finished. */
  private async beginAnew(): Promise<DeviceKeys> {
    const keys = createDeviceKeys(this.platform.random, this.platform.signing)
    const profile = { account: this.newcomer.login.account, keys, relay: this.relay }
    await this.store.commit({ put: [[joiningKey, encodeProfile(profile)]] }, { durability: 'strict' })
    return keys
  }

  private finish(state: KeyringState, keys: DeviceKeys): Promise<void> {
    const profile = { account: state.account, keys, relay: this.relay }
    return this.place.take(profile, this.keyring.records, this.clockOffsetMs)
  }

  /** Sends the record, and waits until it is known what became of it or that the keyring must tell. */
  private async append(state: KeyringState, device: DeviceKeys): Promise<void> {
    const dialog = await this.connect()
    const { isRestored, ...next } = await makeRecord(this.platform, dialog, state, { ...this.newcomer, device })
    const ownHead = recordHash(this.platform.signing.sha512, next.record)
    dialog.send({ type: 'keyring-append', ...next, isRestored })
    try {
      // Other devices' records are news here, too; only our own is the answer.
      for (;;) {
        const { head } = await dialog.receive('keyring-changed')
        if (bytesEqual(head, ownHead)) return
      }
    } catch (error) {
      if (isSyncError(error, 'keyring-conflict') || isSyncError(error, 'cut-behind')) return
      if (!isSyncError(error, 'connection-lost') && !isSyncError(error, 'relay-unreachable')) {
        await this.store.commit({ remove: [joiningKey] }, { durability: 'strict' })
        throw error
      }
      // The answer was lost: only the keyring can tell whether the record was.
      this.dialog = undefined
      // The relay may be away for long; the first error says why then, and the next attempt goes on from here.
      await this.connect().catch(() => {
        throw error
      })
    }
  }

  private async connect(): Promise<RelayDialog> {
    if (this.dialog !== undefined) return this.dialog
    const { dialog, welcome } = await RelayDialog.open(this.platform, this.relay, this.newcomer.login)
    this.account = welcome.account.slice() as AccountId
    this.clockOffsetMs = welcome.timeMs - this.platform.now()
    this.dialog = dialog
    return dialog
  }

  private async readKeyring(): Promise<KeyringState> {
    try {
      return await this.keyring.read(await this.connect())
    } catch (error) {
      // The relay may have taken the record and gone: what is asked once more costs nothing.
      if (!isSyncError(error, 'connection-lost')) throw error
      this.dialog = undefined
      return this.keyring.read(await this.connect())
    }
  }
}

interface Newcomer {
  readonly login: DialogLogin
  readonly info: DeviceInfo
  /** `recover` only with the phrase. */
  readonly mode: 'add' | 'recover'
}

async function makeRecord(
  platform: Platform,
  dialog: RelayDialog,
  state: KeyringState,
  newcomer: Newcomer & { readonly device: DeviceKeys },
): Promise<KeyringRow & { readonly isRestored: boolean }> {
  const { login, device, info, mode } = newcomer
  if (mode === 'add' || 'device' in login) {
    const signer = 'device' in login ? login.device : login
    return { record: await createAdd(platform, state, { signer, device, info }), isRestored: false }
  }
  const devices = activeDevices(state.devices)
    .map(({ id }) => id)
    .sort(compareBytes)
  if (devices.length > 0) await suspend(platform, dialog, state, login, devices)
  dialog.send({ type: 'heads-fetch', devices })
  const heads = copyHeads((await dialog.receive('heads')).heads)
  const { cut, isPartial } = await cutOf({ signing: platform.signing, keyring: state, devices, heads, known: [] })
  const row = await createRecover(platform, state, { recovery: login, device, info, cut })
  return { ...row, isRestored: isPartial }
}

/** Keeps the devices that are to be removed from writing more meanwhile; without it the removal only takes more attempts. */
async function suspend(
  platform: Platform,
  dialog: RelayDialog,
  { account, head }: KeyringState,
  recovery: RecoveryKeys,
  devices: readonly DeviceId[],
): Promise<void> {
  const signature = await platform.signing.sign(recovery.signingSeed, suspendSigningBytes(account, head, devices))
  dialog.send({ type: 'suspend', devices, signature })
  try {
    await dialog.receive('suspended')
  } catch (error) {
    if (isSyncError(error, 'connection-lost') || isSyncError(error, 'relay-unreachable')) throw error
  }
}
