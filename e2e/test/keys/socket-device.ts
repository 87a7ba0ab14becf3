// A device in the test's own process, over a real WebSocket, whose store and traffic the test can look at.
import {
  type Collection,
  createAccount,
  joinAccount,
  openMemoryStore,
  type PhraseOptions,
  type Platform,
  type Sync,
} from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'
import { decodeFrame, type Frame } from '@owlivion/sync-protocol'
import { onTestFinished } from 'vitest'

export interface Note {
  readonly text: string
}

/** What went over the wire, or that it ended there. */
export interface WireEvent {
  readonly from: 'device' | 'relay'
  readonly what: Frame | number
}

export interface SocketDevice {
  readonly sync: Sync
  readonly notes: Collection<Note>
  /** From the first connection on. */
  readonly wire: readonly WireEvent[]
  /** That it has learned of its removal, and wiped its keys. */
  readonly hasWiped: boolean
  readonly texts: readonly string[]
  rows(): Promise<readonly Uint8Array[]>
  /** While true, the network swallows what the device pushes. */
  losesPushes: boolean
  /** Resolves when the condition holds, looked at after every change. */
  until(isTrue: () => boolean): Promise<void>
}

/** @param recoveryPhrase of the account to join; without one, a new account is made */
export async function openSocketDevice(
  relay: string,
  deviceName: string,
  recoveryPhrase?: string,
): Promise<SocketDevice & { readonly recoveryPhrase: string }> {
  const wire: WireEvent[] = []
  const store = openMemoryStore()
  const network = { losesPushes: false }
  const options = { platform: recordingPlatform(wire, network), store, relay, deviceName }
  const made = recoveryPhrase === undefined ? await createAccount(options) : await join({ ...options, recoveryPhrase })
  const { sync } = made
  onTestFinished(() => sync.close())
  let hasWiped = false
  sync.on((event) => {
    hasWiped ||= event.type === 'removed'
  })
  const notes = await sync.open<Note>('notes')
  return {
    get losesPushes() {
      return network.losesPushes
    },
    set losesPushes(loses) {
      network.losesPushes = loses
    },
    sync,
    recoveryPhrase: made.recoveryPhrase,
    notes,
    wire,
    get hasWiped() {
      return hasWiped
    },
    get texts() {
      return notes.list().map(([, { text }]) => text)
    },
    rows: async () => (await store.list([])).map(([, bytes]) => bytes.slice()),
    until: (isTrue) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!isTrue()) return
          for (const end of ends) end()
          resolve()
        }
        const ends = [sync.subscribe(check), sync.on(check), notes.subscribe(check)]
        check()
      }),
  }
}

async function join(options: PhraseOptions): Promise<{ readonly sync: Sync; readonly recoveryPhrase: string }> {
  return { sync: await joinAccount(options), recoveryPhrase: options.recoveryPhrase }
}

function recordingPlatform(wire: WireEvent[], network: { readonly losesPushes: boolean }): Platform {
  const platform = nodePlatform()
  return {
    ...platform,
    connect(url, handlers) {
      const socket = platform.connect(url, {
        opened: () => handlers.opened(),
        received(bytes) {
          wire.push({ from: 'relay', what: decodeFrame(bytes.slice()) })
          handlers.received(bytes)
        },
        closed(code, reason) {
          wire.push({ from: 'relay', what: code })
          handlers.closed(code, reason)
        },
      })
      return {
        send(bytes) {
          const frame = decodeFrame(bytes.slice())
          wire.push({ from: 'device', what: frame })
          if (frame.type !== 'push' || !network.losesPushes) socket.send(bytes)
        },
        close: (code, reason) => socket.close(code, reason),
        get bufferedBytes() {
          return socket.bufferedBytes
        },
      }
    },
  }
}
