// The door between the engine and the world: the interface, and its implementation for browsers. The one for Node has its own
// subpath, so that no bundle for a browser carries it.
export { browserPlatform } from './browser'
export type { Platform, SigningProvider, Socket, SocketHandlers, StoragePersistence } from './platform'
export type { TabChannel, TabLockMode, TabLockOptions, TabPlatform } from './tabs'
export { publicKeyOf, tweetnaclPublicKey, tweetnaclSigning } from './tweetnacl-signing'
