/**
 * The Owlivion Sync relay: orders and keeps sealed boxes, opens none.
 * @module
 */
export { isProtocolRefusal, type OperatorCode, operatorCodes, type RelayCode, RelayError } from './errors'
export { defaultLimits, type RelayLimits } from './limits'
export { createNodePlatform } from './node-platform'
export type { RelayConnection, RelayLog, RelayPlatform } from './platform'
export { type ConnectionHandlers, createRelay, type Relay, type RelayOptions, type RelayStats } from './relay'
export { type RelayServer, type RelayServerOptions, startRelayServer } from './server'
export type { AttemptLimitOptions } from './sign-in/attempt-limits'
export type { SignInOptions } from './sign-in/open-sign-in'
export type * from './store/relay-store'
export { openSqliteStore, type SqliteStoreOptions } from './store/sqlite/open'
