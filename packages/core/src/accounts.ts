// How an account comes to be open on this device: made, joined, recovered, or found in its store.
import { Sync } from './client'
import { SyncError } from './errors'
import { browserPlatform, type Platform } from './platform'
import type { Store } from './storage'
import { createProfile, type Existing, joinProfile, readAnyProfile, SyncEngine } from './sync'
import { TabEngine } from './tabs'

/** What an account that is on this device already needs from its surroundings. */
export interface OpenOptions {
  /** Clock, randomness, sockets and signatures. Default: those of the browser; in Node pass `nodePlatform()`. */
  readonly platform?: Platform
  /** Where this device keeps its data. The account closes it. */
  readonly store: Store
  /** Connect at once (default), or stay offline until `goOnline`. */
  readonly online?: boolean
  /**
   * What becomes of other tabs of the browser that open the same account. `share` (default): all work on it together, and one of them has the
   * connection. `alone`: this tab has it to itself, and the others are refused with `profile-in-use`. Tabs share where the store is one
   * that they can share, as that of `openIndexedDbStore`, and the page came over HTTPS; processes never do.
   */
  readonly tabs?: 'share' | 'alone'
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
 * Opens the account that this store holds, together with other tabs that have it open.
 * @throws SyncError `profile-missing`, `profile-in-use`, `profile-damaged`
 *
 * @example
 * const sync = await openAccount({ store: await openIndexedDbStore('mail') })
 */
export async function openAccount(options: OpenOptions): Promise<Sync> {
  const { platform = browserPlatform(), store, online = true, tabs = 'share' } = options
  const tab = tabs === 'share' ? await TabEngine.open(platform, store, online) : undefined
  if (tab !== undefined) {
    const sync = new Sync(tab)
    tab.whenEnded(() => void sync.close().catch(() => {}))
    return sync
  }
  const engine = await SyncEngine.open(platform, store)
  if (online) engine.goOnline()
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
