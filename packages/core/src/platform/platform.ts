// The one door between the engine and the world. Nothing else in this package reads a clock, draws a random number, starts
// a timer, opens a socket or takes a lock, so that a whole device runs under a simulator that owns all of these.
import type { TabPlatform } from './tabs'

/** What a socket tells its owner. After `closed` nothing else is called. */
export interface SocketHandlers {
  opened(): void
  received(frame: Uint8Array): void
  /** `code` is the WebSocket close code, 1006 when the connection broke without one. */
  closed(code: number, reason: string): void
}

/** A binary message connection. Messages arrive whole; order is expected but never relied on. */
export interface Socket {
  send(frame: Uint8Array): void
  close(code?: number, reason?: string): void
  /** Bytes handed to `send` that have not left yet. */
  readonly bufferedBytes: number
}

/** Ed25519 (RFC 8032) and SHA-512. Key pairs come only from seeds, so that no library draws randomness by itself. */
export interface SigningProvider {
  sign(seed: Uint8Array, message: Uint8Array): Promise<Uint8Array>
  /**
   * One verdict everywhere: it asks `mayVerify` first, checks the equation without the cofactor, and throws nothing. A signature
   * that only some devices took would split their histories.
   */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean>
  /** The public key of a seed, where the machine has a library that is faster than JavaScript. */
  publicKey?(seed: Uint8Array): Uint8Array
  /** The X25519 public key of a secret, likewise. */
  boxPublicKey?(secret: Uint8Array): Uint8Array
  /** SHA-512, 64 bytes, synchronous: it runs per entry and an await would cost more than the hash. */
  sha512(bytes: Uint8Array): Uint8Array
}

/** How long what is stored stays, where the platform may clear it by itself. */
export interface StoragePersistence {
  /** The platform has promised not to. */
  isGranted(): Promise<boolean>
  /** Asks for that promise; the person may be asked in turn. */
  request(): Promise<boolean>
}

/** What the engine needs from the world. `browserPlatform()` and `nodePlatform()` are implementations; a test makes its own to own time and chance. */
export interface Platform {
  /** Wall clock in milliseconds since 1970. May be wrong by years; the engine corrects it by the relay's. */
  now(): number
  /** `length` bytes from a cryptographic random source. */
  random(length: number): Uint8Array
  /** Calls `callback` once after `delayMs`; the returned function cancels it. */
  setTimer(delayMs: number, callback: () => void): () => void
  connect(url: string, handlers: SocketHandlers): Socket
  readonly signing: SigningProvider
  /**
   * Undoes raw deflate, where the machine has a library that is faster than JavaScript. Undefined for a stream that is damaged, or holds more than
   * `limitBytes`, which it must not take much more memory than.
   */
  readonly inflate?: (deflated: Uint8Array, limitBytes: number) => Uint8Array | undefined
  /** Makes raw deflate, where the machine has a library that is faster than JavaScript. */
  readonly deflate?: (content: Uint8Array) => Uint8Array
  /** Takes the named lock at once or answers undefined when another holder has it. The returned function gives it back. */
  lock(name: string): Promise<(() => void) | undefined>
  /** Where several tabs may have one profile open: how they speak with each other. */
  readonly tabs?: TabPlatform
  /** Where what an account stores may be cleared by the platform. */
  readonly persistence?: StoragePersistence
}
