/**
 * What travels between Owlivion Sync devices and the relay, as pure functions: no I/O, no clock, no randomness.
 * @module
 */
export * from './audit'
export * from './base64url'
export * from './body'
export * from './bytes'
export * from './calls'
export * from './codec'
export * from './codes'
export * from './cut'
export * from './envelope'
export * from './frame-types'
export * from './frames'
export * from './hash'
export * from './ids'
export * from './keyring-branch'
export * from './keyring-record'
export * from './keyring-rules'
export * from './limits'
export * from './login'
export * from './public-keys'
export * from './snapshot'
