/**
 * `refused`: the relay said that trying again is of no use. `removed`: this device is no longer in the account, which a record says that
 * it has verified.
 */
export type ConnectionState = 'offline' | 'waiting' | 'connecting' | 'online' | 'refused' | 'removed'
