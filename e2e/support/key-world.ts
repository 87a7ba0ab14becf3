// Devices of one account and the real relay core in one process, on a clock that the test moves. A device can be killed at any commit of its
// store and at any frame, as a process is: from then on nothing of it happens, and what was committed is there when it is opened again.
import { createNodePlatform, createRelay, type RelayPlatform } from '@owlivion/relay'
import { createMemoryData, createMemoryStore } from '@owlivion/relay/testing'
import {
  type Collection,
  createAccount,
  isSyncError,
  joinAccount,
  openAccount,
  openMemoryStore,
  type Platform,
  recoverAccount,
  type Socket,
  type SocketHandlers,
  type Store,
  type Sync,
} from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'
import { type DocumentLimits, limitDocuments } from '@owlivion/sync/testing'
import { decodeFrame, encodeFrame, type Frame, type Generation, recordHash } from '@owlivion/sync-protocol'
import { onTestFinished } from 'vitest'

export interface Note {
  readonly text: string
}

const url = 'wss://relay.example'
const START_MS = 1_700_000_000_000

interface Timer {
  readonly atMs: number
  readonly callback: () => void
}

export class KeyWorld {
  timeMs = START_MS
  /** From which size on devices sum up and rebase, of those opened from now on. */
  documentLimits: DocumentLimits | undefined
  readonly relayData = createMemoryData(new Uint8Array(16).fill(7) as Generation)
  private readonly timers = new Set<Timer>()
  protected readonly devices: WorldDevice[] = []
  protected relay: ReturnType<typeof createRelay>
  /** Ends every connection there is. */
  protected readonly connections = new Set<() => void>()

  constructor() {
    this.relay = this.startRelay()
    onTestFinished(async () => {
      for (const device of this.devices) await device.close()
    })
  }

  protected startRelay(): ReturnType<typeof createRelay> {
    const platform: RelayPlatform = {
      ...createNodePlatform(),
      now: () => this.timeMs,
      setTimer: (delayMs, callback) => this.setTimer(delayMs, callback),
    }
    const store = createMemoryStore({ sha512: platform.sha512, data: this.relayData })
    return createRelay({ platform, store })
  }

  /** The relay comes back with the keyring that an old backup has; what it holds of documents is as it was. */
  rewindKeyring(length: number): void {
    const account = this.account
    account.keyring.splice(length)
    account.head = recordHash(createNodePlatform().sha512, account.keyring[length - 1]?.record as Uint8Array)
    for (const end of [...this.connections]) end()
    this.relay = this.startRelay()
  }

  /** The relay holds so many more chains of a device, each of one entry, in a document that it wrote in. */
  openChains(device: string, count: number): void {
    for (const { chains } of this.account.documents.values()) {
      const chain = [...chains.values()].find((each) => Buffer.from(each.device).toString('hex') === device)
      if (chain === undefined) continue
      const [first] = chain.entries.values()
      if (first === undefined) continue
      const { sequence, entryHash: hash, signature } = first
      const end = { sequence, hash, ...(signature && { signature }) }
      const entries = new Map([[sequence, first]])
      for (let n = 0; n < count; n++) chains.set(`${device} ${n}`, { ...chain, entries, end, incarnation: n + 1 })
      return
    }
    throw new Error('The device wrote nothing.')
  }

  private get account() {
    const [account] = this.relayData.accounts.values()
    if (account === undefined) throw new Error('The relay has no account.')
    return account
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.timeMs + delayMs, callback }
    this.timers.add(timer)
    return () => void this.timers.delete(timer)
  }

  connect(handlers: SocketHandlers): Socket {
    let isOpen = true
    const end = (code: number, reason: string): void => {
      if (!isOpen) return
      isOpen = false
      this.connections.delete(cut)
      relaySide.closed()
      setImmediate(() => handlers.closed(code, reason))
    }
    const cut = (): void => end(1006, '')
    this.connections.add(cut)
    const relaySide = this.relay.connect(
      {
        send: (frame) => void setImmediate(() => isOpen && handlers.received(frame.slice())),
        close: (code, reason) => setImmediate(() => end(code, reason)),
        bufferedBytes: 0,
      },
      { host: new URL(url).host },
    )
    setImmediate(() => isOpen && handlers.opened())
    return {
      send: (frame) => void setImmediate(() => isOpen && relaySide.received(frame.slice())),
      close: (code = 1000, reason = '') => end(code, reason),
      bufferedBytes: 0,
    }
  }

  /** A device that makes the account. */
  async create(name: string): Promise<WorldDevice & { readonly phrase: string }> {
    const device = this.newDevice(name)
    const { sync, recoveryPhrase } = await createAccount({ ...device.options(), deviceName: name, relay: url })
    await device.opened(sync)
    await this.until(() => sync.status.isGreen)
    return Object.assign(device, { phrase: recoveryPhrase })
  }

  /** A device that comes with the phrase, and takes the account back when asked to. */
  async join(name: string, recoveryPhrase: string, how = joinAccount): Promise<WorldDevice> {
    const device = this.newDevice(name)
    const joining = how({ ...device.options(), deviceName: name, relay: url, recoveryPhrase })
    await device.opened(await this.outcomeOf(joining))
    await this.until(() => device.sync.status.isGreen)
    return device
  }

  recover(name: string, recoveryPhrase: string): Promise<WorldDevice> {
    return this.join(name, recoveryPhrase, recoverAccount)
  }

  protected newDevice(name: string): WorldDevice {
    const device = new WorldDevice(this, name)
    this.devices.push(device)
    return device
  }

  /** Moves time on; timers run in order, each with everything that follows from it. */
  async advance(ms: number): Promise<void> {
    const end = this.timeMs + ms
    for (;;) {
      const due = [...this.timers].filter(({ atMs }) => atMs <= end).sort((a, b) => a.atMs - b.atMs)[0]
      if (due === undefined) break
      this.timers.delete(due)
      this.timeMs = Math.max(this.timeMs, due.atMs)
      due.callback()
      await settle()
    }
    this.timeMs = end
    await settle()
  }

  /** Moves time on until the condition holds. */
  async until(isTrue: () => boolean, withinMs = 120_000): Promise<void> {
    await settle()
    for (let passedMs = 0; !isTrue(); passedMs += 100) {
      if (passedMs > withinMs) throw new Error(`It did not come true: ${isTrue}`)
      await this.advance(100)
    }
  }

  /** Moves time on until the promise settles. */
  async outcomeOf<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    promise.then(
      () => {
        isSettled = true
      },
      () => {
        isSettled = true
      },
    )
    await this.until(() => isSettled)
    return promise
  }

  /** As above: `done`, or the code it failed with. */
  codeOf(promise: Promise<unknown>): Promise<string> {
    return this.outcomeOf(
      promise.then(
        () => 'done',
        (error) => (isSyncError(error) ? error.code : String(error)),
      ),
    )
  }

  get keyringLength(): number {
    return [...this.relayData.accounts.values()][0]?.keyring.length ?? 0
  }
}

/** Everything that one process of a device has of the world. After its end nothing gets through any more. */
class Life {
  isOver = false
  readonly sockets = new Set<Socket>()
  private readonly endListeners: (() => void)[] = []

  onEnd(listener: () => void): void {
    this.endListeners.push(listener)
  }

  end(): void {
    if (this.isOver) return
    this.isOver = true
    for (const socket of this.sockets) socket.close(1006, '')
    for (const listener of this.endListeners) listener()
  }
}

export class WorldDevice {
  sync!: Sync
  notes!: Collection<Note>
  /** Codes of what it reported, over all its lives. */
  readonly problems: string[] = []
  /** Befores and afters of commits, and frames in both directions, of this life; it dies at the one with this number. */
  steps = 0
  diesAt = Number.POSITIVE_INFINITY
  readonly rows = openMemoryStore()
  /** What a hostile relay, or network, makes of a frame on its way; default: nothing. */
  fromRelay: (frame: Frame) => readonly Frame[] = (frame) => [frame]
  toRelay: (frame: Frame) => readonly Frame[] = (frame) => [frame]
  private life = new Life()

  constructor(
    private readonly world: KeyWorld,
    readonly name: string,
  ) {}

  get isDead(): boolean {
    return this.life.isOver
  }

  options(): { readonly platform: Platform; readonly store: Store } {
    const { life, world } = this
    const platform = this.platform(life)
    if (world.documentLimits !== undefined) limitDocuments(platform, world.documentLimits)
    return { platform, store: this.store(life) }
  }

  async opened(sync: Sync): Promise<void> {
    this.sync = sync
    sync.on((event) => {
      if (event.type === 'error') this.problems.push(event.error.code)
    })
    this.notes = await sync.open<Note>('notes')
  }

  /** Another process on what the last one left. */
  async reopen(options: { readonly online?: boolean } = {}): Promise<void> {
    this.life.end()
    this.life = new Life()
    this.steps = 0
    this.diesAt = Number.POSITIVE_INFINITY
    await this.opened(await openAccount({ ...this.options(), ...options }))
  }

  kill(): void {
    this.life.end()
  }

  async close(): Promise<void> {
    // A death that was arranged for what has been done must not come while it closes: nobody would hear from it again.
    this.diesAt = Number.POSITIVE_INFINITY
    if (this.sync !== undefined && !this.isDead) await this.sync.close()
    this.life.end()
  }

  get texts(): readonly string[] {
    return this.notes.list().map(([, { text }]) => text)
  }

  get activeNames(): readonly (string | undefined)[] {
    return this.sync
      .devices()
      .filter((device) => !device.isRemoved)
      .map((device) => device.name)
      .sort()
  }

  idOf(name: string): string {
    const device = this.sync.devices().find((each) => each.name === name && !each.isRemoved)
    if (device === undefined) throw new Error(`${this.name} knows no ${name}`)
    return device.id
  }

  /** @returns false when the life ends here */
  private step(life: Life): boolean {
    if (life.isOver) return false
    this.steps++
    if (this.steps >= this.diesAt) life.end()
    return !life.isOver
  }

  private platform(life: Life): Platform {
    const { world } = this
    return {
      ...nodePlatform(),
      now: () => world.timeMs,
      setTimer: (delayMs, callback) => world.setTimer(delayMs, () => !life.isOver && callback()),
      // A lock of its own life: the process that held it is gone.
      lock: async () => () => {},
      connect: (_, handlers) => {
        const socket = world.connect({
          opened: () => !life.isOver && handlers.opened(),
          received: (bytes) => {
            for (const frame of this.fromRelay(decodeFrame(bytes)))
              if (this.step(life)) handlers.received(encodeFrame(frame))
          },
          closed: (code, reason) => !life.isOver && handlers.closed(code, reason),
        })
        life.sockets.add(socket)
        return {
          send: (bytes) => {
            for (const frame of this.toRelay(decodeFrame(bytes.slice())))
              if (this.step(life)) socket.send(encodeFrame(frame))
          },
          close: (code, reason) => socket.close(code, reason),
          get bufferedBytes() {
            return socket.bufferedBytes
          },
        }
      },
    }
  }

  private store(life: Life): Store {
    const { rows } = this
    const never = new Promise<never>(() => {})
    return {
      commit: async (batch, options) => {
        if (!this.step(life)) return never
        await rows.commit(batch, options)
        return this.step(life) ? undefined : never
      },
      get: (key) => (life.isOver ? never : rows.get(key)),
      list: (prefix) => (life.isOver ? never : rows.list(prefix)),
      close: async () => {},
      destroy: async () => {
        if (this.step(life)) await rows.commit({ removePrefix: [[]] })
      },
    }
  }
}

/** Lets everything run that waits for nothing but the event loop: a frame takes a turn each way. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await new Promise((resolve) => setImmediate(resolve))
}
