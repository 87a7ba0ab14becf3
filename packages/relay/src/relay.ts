// The relay as a library: connections in, a store below, no socket and no clock of its own.
import { encodeFrame, type ProtocolCode, protocolCodes } from '@owlivion/sync-protocol'
import { Accounts } from './accounts'
import { AuditLog } from './audit/audit-log'
import { SignIns } from './audit/sign-ins'
import { accountCalls } from './calls/account-calls'
import { type CallService, collectMethods } from './calls/service'
import { RelayError } from './errors'
import { KeyringPace } from './keyring-pace'
import { defaultLimits, type RelayLimits } from './limits'
import { Mailboxes } from './mailboxes'
import { type RelayConnection, type RelayLog, type RelayPlatform, silentLog } from './platform'
import { Session, type SessionContext } from './session'
import { SnapshotDesk } from './snapshots/desk'
import { StorageHealth } from './storage-health'
import type { Inspection, RelayStore } from './store/relay-store'
import type { Pruned } from './store/snapshot-rows'
import { Tidier } from './tidier'
import { Turn } from './turn'

/** What a relay is made of. */
export interface RelayOptions {
  readonly platform: RelayPlatform
  /** Stays the caller's: it is closed after `drain`, not by it. */
  readonly store: RelayStore
  /**
   * Addresses that devices dial, as `host` or `host:port`; a login signed for another one is refused. Left out, the address
   * that the connection was made with is taken on trust, and a relay in the middle is not caught.
   */
  readonly hosts?: readonly string[]
  readonly limits?: Partial<RelayLimits>
  /** Default true. False leaves the addresses of connections out of everything that is kept. */
  readonly keepsAddresses?: boolean
  /** What the relay answers beside the calls of its own. */
  readonly services?: readonly CallService[]
  readonly log?: RelayLog
}

/** Hands over what arrives on a connection. After `closed` nothing is called any more. */
export interface ConnectionHandlers {
  received(frame: Uint8Array): void
  /** The transport could not take a message (too large, not binary): the device is told, and the code's close follows. */
  refused(code: ProtocolCode, message: string): void
  closed(): void
}

/** Counts as of now. */
export interface RelayStats {
  readonly connections: number
  readonly accounts: number
  /** Since the start: transactions, pushes stored or recognised, entries and bytes added. */
  readonly commits: number
  readonly pushes: number
  readonly entries: number
  readonly bytes: number
  /** Snapshots stored since the start. */
  readonly snapshots: number
  /** What gave way to snapshots since the start. */
  readonly pruned: Pruned
  readonly refusals: Readonly<Partial<Record<ProtocolCode, number>>>
}

/** A relay without a transport: connections are handed in, nothing listens. */
export interface Relay {
  /** @param request `host` is the address the device dialled, as in the Host header */
  connect(connection: RelayConnection, request: { readonly host: string | undefined }): ConnectionHandlers
  /** Whether the relay serves, and if not, why, in sentences. */
  ready(): { readonly ok: boolean; readonly reasons: readonly string[] }
  /** Takes nothing new, answers what was received, and closes every connection with `draining`. */
  drain(): Promise<void>
  stats(): RelayStats
  /** The newest entries as the relay holds them: sealed. */
  inspect(limit: number): Promise<Inspection>
}

/** "Try again later": the connection is refused before it is one. */
const TRY_AGAIN_LATER_CLOSE = 1013

/**
 * @example
 * const platform = createNodePlatform()
 * const store = openSqliteStore({ folder: 'data', sha512: platform.sha512, random: platform.random })
 * const relay = createRelay({ platform, store })
 */
export function createRelay(options: RelayOptions): Relay {
  const { platform, store, hosts, limits: chosen, services = [], keepsAddresses = true, log = silentLog } = options
  const limits: RelayLimits = { ...defaultLimits, ...chosen }
  const accounts = new Accounts(platform, store)
  const health = new StorageHealth(platform, store, limits.storageRetryMs, log)
  const tidier = new Tidier({ platform, store, limits, health, log })
  const turn = new Turn(platform, store, limits, health, log, tidier)
  const sessions = new Set<Session>()
  const refusals: Partial<Record<ProtocolCode, number>> = {}
  let draining: Promise<void> | undefined
  const audit = new AuditLog({ platform, store, log, keepsAddresses })
  const signIns = new SignIns({ platform, store, audit })
  const tools = { platform, store, accounts, audit, signIns, log }
  const calls = collectMethods([accountCalls(services), ...services], tools)
  void health.check()

  const context: SessionContext = {
    platform,
    store,
    limits,
    log,
    accounts,
    turn,
    mailboxes: new Mailboxes(platform, limits),
    calls,
    audit,
    keyringPace: new KeyringPace(platform, limits),
    tidier,
    snapshots: new SnapshotDesk({ platform, store, limits, tidier }),
    signIns,
    refused(code) {
      refusals[code] = (refusals[code] ?? 0) + 1
    },
    ended(session) {
      sessions.delete(session)
    },
  }

  function turnAway(connection: RelayConnection, code: 'draining' | 'too-many-requests'): ConnectionHandlers {
    context.refused(code)
    const { retryable, action: message } = protocolCodes[code]
    const retryAfterMs = limits.storageRetryMs
    connection.send(encodeFrame({ type: 'refused', request: '', code, retryable, retryAfterMs, message }))
    connection.close(code === 'draining' ? protocolCodes.draining.closeCode : TRY_AGAIN_LATER_CLOSE, code)
    return { received() {}, refused() {}, closed() {} }
  }

  async function drainAll(): Promise<void> {
    await Promise.all([...sessions].map((session) => session.drain()))
    await turn.settled()
    for (const session of [...sessions]) session.refuse('', new RelayError('draining'))
    await signIns.flush().catch((error) => log.warn({ error }, 'when devices were last seen could not be written'))
    await audit.flush(true)
    tidier.stop()
    health.stop()
  }

  return {
    connect(connection, { host }) {
      if (draining !== undefined) return turnAway(connection, 'draining')
      if (sessions.size >= limits.maxConnections) return turnAway(connection, 'too-many-requests')
      const session = new Session(context, connection, hosts ?? (host === undefined ? [] : [host]))
      sessions.add(session)
      return {
        received: (frame) => session.received(frame),
        refused: (code, message) => session.refuse('', new RelayError(code, message)),
        closed: () => session.end(),
      }
    },
    ready() {
      const reasons = []
      if (draining !== undefined) reasons.push('The relay is shutting down.')
      if (health.reason !== undefined) reasons.push(health.reason)
      return { ok: reasons.length === 0, reasons }
    },
    drain() {
      draining ??= drainAll()
      return draining
    },
    stats: () => ({
      connections: sessions.size,
      accounts: accounts.size,
      ...turn.stats,
      snapshots: context.snapshots.stored,
      pruned: tidier.pruned,
      refusals: { ...refusals },
    }),
    inspect: (limit) => store.inspect(limit),
  }
}
