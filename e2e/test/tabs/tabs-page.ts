// The script of the pages that the tests of this folder open side by side in one Chromium.
import { type Collection, createAccount, isSyncError, joinAccount, openAccount, type Sync } from '@owlivion/sync'
import { openIndexedDbStore } from '@owlivion/sync/indexeddb'
import { acceptPairing, type PairingApproval, startPairing } from '@owlivion/sync/pairing'

declare global {
  var tab: typeof page
}

interface Contact {
  readonly name: string
  readonly phone?: string
}

let sync: Sync | undefined
let contacts: Collection<Contact> | undefined
const problems: string[] = []
/** What is written and not stored yet, and what became of the rest. */
let waiting = 0
let approval: PairingApproval | undefined
const failed: string[] = []

async function use(opened: Sync): Promise<void> {
  sync = opened
  sync.on((event) => {
    if (event.type === 'error') problems.push(`${event.error.code}: ${event.error.message}`)
  })
  contacts = await sync.open<Contact>('contacts')
}

function described(error: unknown): string {
  return isSyncError(error) ? `${error.code}: ${error.message}` : String(error)
}

const page = {
  /** Answers the recovery phrase. */
  async create(relay: string, store = 'mail'): Promise<string> {
    const { sync: made, recoveryPhrase } = await createAccount({
      ...{ store: await openIndexedDbStore(store), relay, deviceName: 'laptop' },
    })
    await use(made)
    return recoveryPhrase
  },

  async join(relay: string, recoveryPhrase: string, store: string): Promise<void> {
    await use(await joinAccount({ store: await openIndexedDbStore(store), relay, deviceName: 'phone', recoveryPhrase }))
  },

  /** Shows a code for another device to let this one in; answers what the code says. */
  async offerPairing(relay: string, store: string): Promise<string> {
    const offer = await startPairing({ store: await openIndexedDbStore(store), relay, deviceName: 'phone' })
    void offer.result.then(use, (error) => problems.push(described(error)))
    return offer.qrText
  },

  /** Answers the name of the device that asks to be let in. */
  async acceptPairing(code: string): Promise<string> {
    approval = await acceptPairing(sync!, code)
    return approval.newcomer!.name
  },

  /** Asks for what only a leader can do, and answers why it cannot. */
  refusalToAccept: (code: string) => acceptPairing(sync!, code).then(() => 'accepted', described),

  async approve(): Promise<void> {
    approval!.approve()
    await approval!.result
  },

  /** Answers 'open', or why not. */
  async open(store = 'mail', tabs: 'share' | 'alone' = 'share'): Promise<string> {
    const opened = await openIndexedDbStore(store)
    try {
      await use(await openAccount({ store: opened, tabs }))
      return 'open'
    } catch (error) {
      await opened.close()
      return described(error)
    }
  },

  async add(ids: readonly string[], name: string): Promise<void> {
    await Promise.all(ids.map((id) => contacts!.add(id, { name })))
  },

  /** Writes one after the other, and does not say when it is done. */
  keepWriting(prefix: string, count: number): void {
    let n = 0
    const next = (): void => {
      if (n === count) return
      waiting++
      contacts!
        .add(`${prefix}-${n++}`, { name: prefix })
        .catch((error) => failed.push(described(error)))
        .finally(() => waiting--)
      setTimeout(next, 2)
    }
    next()
  },

  isOpen: () => contacts !== undefined,

  unsettled: () => ({ waiting, failed }),

  async update(id: string, name: string): Promise<void> {
    await contacts!.update(id, { name })
  },

  async count(id: string, by: number): Promise<void> {
    await contacts!.increment(id, 'uses', by)
  },

  counter: (id: string) => contacts!.counter(id, 'uses'),

  /** Everything, in an order that is the same everywhere. */
  list: () =>
    contacts!
      .list()
      .map(([id, { name }]) => `${id}=${name}`)
      .sort(),

  conflicts: () => contacts!.conflicts().length,

  status: () => {
    const { connection, unsent, isGreen, owed } = sync!.status
    return { connection, unsent, isGreen, owed: owed.length }
  },

  flush: () => sync!.flush(),
  devices: () => sync!.devices().map(({ name, isThisDevice }) => `${name}${isThisDevice ? ' (this)' : ''}`),
  deviceId: () => sync!.deviceId,
  goOffline: () => sync!.goOffline(),
  goOnline: () => sync!.goOnline(),
  close: () => sync!.close(),
  wipe: () => sync!.wipe(),
  problems: () => problems,

  /** What a call that the leader has to do ends with. */
  async refusalOf(call: 'removeUnknown' | 'wrongPhrase'): Promise<string> {
    const calling =
      call === 'removeUnknown'
        ? sync!.removeDevices(['00'.repeat(16)])
        : sync!.deleteAccount({ recoveryPhrase: 'no such words' })
    return calling.then(
      () => 'done',
      (error) => `${error.name} ${error.code}`,
    )
  },

  rotateKeys: () => sync!.rotateKeys(),

  /** Names of the locks that tabs of this origin hold. */
  locks: async () => (await navigator.locks.query()).held!.map(({ name }) => name!),

  /** Says hello to the tabs of this profile as a version of the app would with which they have no common language. */
  sayHelloAs(version: number): void {
    const channel = new BroadcastChannel(`owlivion-sync owlivion-sync/${sync!.deviceId} tabs`)
    channel.postMessage({ app: 'owlivion-sync', v: version, oldest: version, from: 'stranger', kind: 'hello' })
    channel.postMessage({ app: 'owlivion-sync', v: 1, oldest: 1, from: 'stranger', kind: 'something new', more: [1] })
    channel.postMessage('noise')
    channel.close()
  },

  /** Nothing of this page runs meanwhile, as in a loop that does not end. */
  hang(forMs: number): void {
    const end = performance.now() + forMs
    while (performance.now() < end) {
      // Nothing.
    }
  },

  /**
   * Leads the profile as a tab of another version of the app: holds its locks, answers as that version, and gives way to a newer one.
   * @param version undefined for one from before tabs shared
   */
  async leadAs(device: string, version: number | undefined): Promise<void> {
    const lock = `owlivion-sync owlivion-sync/${device}`
    const releases = [await hold(lock)]
    if (version === undefined) return
    releases.push(await hold(`${lock} leader ${version} other`))
    const channel = new BroadcastChannel(`${lock} tabs`)
    const message = { app: 'owlivion-sync', v: version, oldest: version, from: 'other' }
    channel.onmessage = ({ data }) => {
      if (data.kind !== 'hello') return
      channel.postMessage({ ...message, kind: 'leader', to: data.from })
      if (data.v > version) for (const release of releases) release()
    }
  },
}

function hold(name: string): Promise<() => void> {
  return new Promise((resolve) => {
    void navigator.locks.request(name, () => new Promise<void>((release) => resolve(() => release())))
  })
}

globalThis.tab = page
