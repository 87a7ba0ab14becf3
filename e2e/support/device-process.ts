// A device in a process of its own: one SQLite file, one account, and commands as lines of JSON on standard input. Answers and
// what happens meanwhile go to standard output, which is written before the next instruction runs: what was reported there
// had happened, whatever becomes of the process afterwards.
import { createInterface } from 'node:readline'
import {
  type Collection,
  createAccount,
  type Fields,
  joinAccount,
  openAccount,
  recoverAccount,
  type Sync,
  SyncError,
} from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'
import { openSqliteStore } from '@owlivion/sync/sqlite'

export type DeviceEdit =
  | { readonly kind: 'add'; readonly id: string; readonly fields: Fields }
  /** `cleared` fields are written as `undefined`, which JSON cannot say. */
  | { readonly kind: 'update'; readonly id: string; readonly fields: Fields; readonly cleared?: readonly string[] }
  | { readonly kind: 'delete'; readonly id: string }
  | { readonly kind: 'restore'; readonly id: string }

/** What the device shows of one collection; equal on two devices exactly when their texts are. */
export interface DeviceContent {
  readonly records: { readonly [id: string]: Fields }
  readonly conflicts: readonly {
    readonly id: string
    readonly field: string
    readonly candidates: readonly unknown[]
  }[]
  readonly deleteConflicts: readonly { readonly id: string; readonly unseen: readonly unknown[] }[]
  readonly deletedIds: readonly string[]
}

export type DeviceReport =
  | { readonly answer: number; readonly result: unknown }
  | { readonly answer: number; readonly error: { readonly code: string; readonly message: string } }
  /** A write of `keepWriting` is on this device's disk; with `confirmed`, on the relay's. */
  | { readonly written: number; readonly confirmed: boolean }
  | { readonly problem: { readonly code: string; readonly message: string } }

const [path] = process.argv.slice(2) as [string]
const platform = nodePlatform()
let opened: Sync | undefined
let keepsWriting = false
let writing: Promise<void> = Promise.resolve()

const report = (line: DeviceReport): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
const inOrder = <T>(items: Iterable<readonly [string, T]>): { readonly [id: string]: T } =>
  Object.fromEntries([...items].sort(([a], [b]) => (a < b ? -1 : 1)))

function sync(): Sync {
  if (opened === undefined) throw new SyncError('profile-missing', 'This device has opened no account.')
  return opened
}

const collection = (name: string): Promise<Collection<Fields>> => sync().open<Fields>(name)

function use(next: Sync): { accountId: string; deviceId: string } {
  opened = next
  next.on((event) => {
    if (event.type === 'error') report({ problem: { code: event.error.code, message: event.error.message } })
  })
  return { accountId: next.accountId, deviceId: next.deviceId }
}

function apply(target: Collection<Fields>, edit: DeviceEdit): Promise<void> {
  if (edit.kind === 'add') return target.add(edit.id, edit.fields)
  if (edit.kind !== 'update') return target[edit.kind](edit.id)
  const cleared = Object.fromEntries((edit.cleared ?? []).map((field) => [field, undefined]))
  return target.update(edit.id, { ...edit.fields, ...cleared })
}

function until(isTrue: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => {
      if (!isTrue()) return
      unsubscribe()
      resolve()
    }
    const unsubscribe = sync().subscribe(check)
    check()
  })
}

const commands = {
  async create(relay: string, deviceName: string, online = true) {
    const store = await openSqliteStore(path)
    const { sync: created, recoveryPhrase } = await createAccount({ platform, store, relay, deviceName, online })
    return { ...use(created), recoveryPhrase }
  },
  async join(relay: string, deviceName: string, recoveryPhrase: string) {
    const store = await openSqliteStore(path)
    return use(await joinAccount({ platform, store, relay, deviceName, recoveryPhrase }))
  },
  async recover(relay: string, deviceName: string, recoveryPhrase: string) {
    const store = await openSqliteStore(path)
    return use(await recoverAccount({ platform, store, relay, deviceName, recoveryPhrase }))
  },
  async openAccount(online = true) {
    return use(await openAccount({ platform, store: await openSqliteStore(path), online }))
  },
  async openCollections(names: readonly string[]) {
    for (const name of names) await collection(name)
  },
  async addAll(name: string, records: readonly (readonly [id: string, fields: Fields])[]) {
    await (await collection(name)).addAll(records)
  },
  /** Each edit is a write of its own; resolves when all are on disk. */
  async edit(name: string, edits: readonly DeviceEdit[]) {
    const target = await collection(name)
    await Promise.all(edits.map((edit) => apply(target, edit)))
  },
  /** Writes `${prefix}${i}` for i from `first` until told to stop, and reports each when it is safe. Answers at once. */
  async keepWriting(name: string, prefix: string, first: number, options: { readonly confirmed: boolean }) {
    const target = await collection(name)
    keepsWriting = true
    writing = (async () => {
      for (let i = first; keepsWriting; i++) {
        await target.add(`${prefix}${i}`, { value: `${prefix} ${i}`, note: 'x'.repeat((i * 37) % 400) })
        if (i > first) await target.update(`${prefix}${i - 1}`, { next: i })
        if (options.confirmed) await sync().flush()
        report({ written: i, confirmed: options.confirmed })
        // A turn of the event loop, so that receiving and sending get their share.
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    // It may end with the account; who waits for it hears of that.
    writing.catch(() => {})
  },
  async stopWriting() {
    keepsWriting = false
    await writing
  },
  async content(name: string): Promise<DeviceContent> {
    const target = await collection(name)
    return {
      records: inOrder(target.list()),
      conflicts: [...target.conflicts()].sort((a, b) => (a.id + a.field < b.id + b.field ? -1 : 1)),
      deleteConflicts: [...target.deleteConflicts()].sort((a, b) => (a.id < b.id ? -1 : 1)),
      deletedIds: target.deletedIds().sort(),
    }
  },
  async goOnline() {
    sync().goOnline()
  },
  async goOffline() {
    sync().goOffline()
  },
  flush: () => sync().flush(),
  whenCaughtUp: () => sync().whenCaughtUp(),
  /** Resolves when everything this device wrote was applied by another one, and nothing is left to send or fetch. */
  whenSeen: () => until(() => sync().status.state === 'seen' && sync().status.isGreen),
  whenConnection: (state: string) => until(() => sync().status.connection === state),
  async status() {
    const { connection, state, unsent, isGreen, documents } = sync().status
    const held = Object.values(documents).flatMap((document) => document.held)
    const refused = Object.values(documents).flatMap(({ refused }) => (refused ? [refused.code] : []))
    return { connection, state, unsent, isGreen, held, refused }
  },
  async close() {
    await sync().close()
    opened = undefined
  },
}

export type DeviceCommands = typeof commands

async function run(line: string): Promise<void> {
  const { ask, command, args } = JSON.parse(line) as { ask: number; command: keyof DeviceCommands; args: never[] }
  try {
    const result = await (commands[command] as (...args: never[]) => Promise<unknown>)(...args)
    report({ answer: ask, result })
  } catch (error) {
    const { code = '', message } = error as SyncError
    report({ answer: ask, error: { code, message: code ? message : String((error as Error).stack) } })
  }
}

createInterface({ input: process.stdin })
  .on('line', (line) => void run(line))
  .on('close', () => process.exit(0))
