// The relay as a process: one port for HTTP and WebSocket, one data folder, and an orderly end.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { RelayError } from './errors'
import { createHttpApp } from './http'
import type { RelayLimits } from './limits'
import { createNodePlatform } from './node-platform'
import { type RelayLog, silentLog } from './platform'
import { createRelay, type Relay } from './relay'
import { openSignInService, type SignInOptions } from './sign-in/open-sign-in'
import { openStaticFiles } from './static-files'
import type { RelayStore } from './store/relay-store'
import { createReopeningStore } from './store/reopening-store'
import { openSqliteStore } from './store/sqlite/open'
import { acceptWebSockets } from './websocket'

/** The options of `owlivion-relay serve`, and a log and limits of your own. */
export interface RelayServerOptions {
  /** Folder of the database. */
  readonly data: string
  /** 0 for any free one. */
  readonly port: number
  /** Default 127.0.0.1: reachable from this machine only. */
  readonly host?: string
  /** Addresses that devices dial, as `host:port`. Left out, the Host header of each request is taken on trust. */
  readonly acceptHosts?: readonly string[]
  /** Folder of a built app to serve. */
  readonly static?: string
  /** Adds GET /inspect. */
  readonly inspect?: boolean
  /** One proxy stands before the relay: the address of a device is the last one in X-Forwarded-For. Default false. */
  readonly trustsProxy?: boolean
  /** Default true. False leaves the addresses of devices out of everything that is kept. */
  readonly keepsAddresses?: boolean
  /** The database grows no further than this. */
  readonly maxDatabaseBytes?: number
  /** Lets accounts be opened with an address and a password. Left out, the relay knows no passwords and has no key file. */
  readonly signIn?: SignInOptions
  readonly limits?: Partial<RelayLimits>
  readonly log?: RelayLog
}

/** A relay that listens. */
export interface RelayServer {
  /** For example `http://127.0.0.1:8787`. */
  readonly url: string
  readonly relay: Relay
  /** Answers what was received, says goodbye to every device, and closes port and database. May be called twice. */
  stop(): Promise<void>
}

/** How long devices have to end their connections by themselves. */
const GOODBYE_MS = 2_000
const GOODBYE_CHECK_MS = 10

/**
 * Resolves when the port is open. A disk that refuses does not stop the start: `/ready` says why, until it takes writes.
 * @throws RelayError `data-folder-in-use`, `foreign-database`, `other-schema`, `address-unavailable`, `invalid-option`, and those of the key file of password sign-in
 *
 * @example
 * const server = await startRelayServer({ data: 'relay-data', port: 0 })
 * const relay = server.url.replace('http', 'ws') // what devices are given
 * await server.stop()
 */
export async function startRelayServer(options: RelayServerOptions): Promise<RelayServer> {
  const { data, port, host = '127.0.0.1', acceptHosts, inspect, maxDatabaseBytes, limits, log = silentLog } = options
  const { trustsProxy = false, keepsAddresses = true } = options
  const files = options.static === undefined ? undefined : await openFiles(options.static)
  const platform = createNodePlatform()
  const { sha512, random } = platform
  const store = openStore(() =>
    openSqliteStore({ folder: data, sha512, random, ...(maxDatabaseBytes && { maxDatabaseBytes }) }),
  )
  const services = options.signIn === undefined ? [] : [await openSignIn(options.signIn)]
  const relay = createRelay({
    platform,
    store,
    log,
    services,
    keepsAddresses,
    ...(acceptHosts && { hosts: acceptHosts }),
    ...(limits && { limits }),
  })
  const app = createHttpApp({ relay, files, ...(inspect && { inspect }), allowsWasm: services.length > 0 })
  const server = createServer(getRequestListener(app.fetch))
  const endpoint = acceptWebSockets(server, relay, { log, trustsProxy })
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    await relay.drain()
    await store.close()
    throw new RelayError('address-unavailable', `Nothing can listen on ${host}:${port}.`, { cause: error })
  }
  // A client's broken request is answered by Node and is no reason to end.
  server.on('clientError', (_error, socket) => socket.destroy())
  const url = urlOf(server.address() as AddressInfo)

  async function openSignIn(signIn: SignInOptions) {
    try {
      return await openSignInService(signIn, { data, acceptHosts: acceptHosts ?? [], store, platform, log })
    } catch (error) {
      await store.close()
      throw error
    }
  }

  async function stop(): Promise<void> {
    const portClosed = new Promise<void>((resolve) => server.close(() => resolve()))
    await relay.drain()
    for (let waitedMs = 0; endpoint.openConnections > 0 && waitedMs < GOODBYE_MS; waitedMs += GOODBYE_CHECK_MS)
      await new Promise((resolve) => setTimeout(resolve, GOODBYE_CHECK_MS))
    endpoint.terminate()
    server.closeAllConnections()
    await portClosed
    await store.close()
  }

  let stopping: Promise<void> | undefined
  return {
    url,
    relay,
    stop() {
      stopping ??= stop()
      return stopping
    },
  }
}

/** What a person must set right ends the start; what may pass by itself does not. */
function openStore(open: () => RelayStore): RelayStore {
  let first: RelayStore | undefined
  try {
    first = open()
  } catch (error) {
    if (!(error instanceof RelayError) || !error.retryable) throw error
  }
  return createReopeningStore(() => {
    const store = first ?? open()
    first = undefined
    return store
  })
}

async function openFiles(folder: string) {
  try {
    return await openStaticFiles(folder)
  } catch (error) {
    throw new RelayError('invalid-option', `The folder ${folder} to serve cannot be read.`, { cause: error })
  }
}

function urlOf({ address, port, family }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
