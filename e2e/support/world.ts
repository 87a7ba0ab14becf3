// A relay core and devices in one process, joined by direct pipes: the real engine and the real relay without sockets.
import { createNodePlatform, createRelay, openSqliteStore, type Relay } from '@owlivion/relay'
import type { Platform } from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'

export interface PipeRelay {
  readonly relay: Relay
  readonly platform: Platform
  /** Cuts every connection, as a network does. */
  cutConnections(): void
  close(): Promise<void>
}

/** @param folder where the relay keeps its SQLite file */
export function startPipeRelay(folder: string): PipeRelay {
  const relayPlatform = createNodePlatform()
  const store = openSqliteStore({ folder, sha512: relayPlatform.sha512, random: relayPlatform.random })
  const relay = createRelay({
    platform: relayPlatform,
    store,
    log: { debug() {}, info() {}, warn: console.log, error: console.error },
  })
  const cuts = new Set<() => void>()
  const platform: Platform = {
    ...nodePlatform(),
    connect(url, handlers) {
      let isOpen = true
      const end = (code: number, reason: string): void => {
        if (!isOpen) return
        isOpen = false
        cuts.delete(cut)
        relaySide.closed()
        setImmediate(() => handlers.closed(code, reason))
      }
      const cut = (): void => end(1006, '')
      cuts.add(cut)
      const relaySide = relay.connect(
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
    },
  }
  return {
    relay,
    platform,
    cutConnections() {
      for (const cut of [...cuts]) cut()
    },
    async close() {
      await relay.drain()
      await store.close()
    },
  }
}
