// The doors between the relay's core and the world. Nothing inside reads a clock, draws a random number, starts a timer or
// does cryptography of its own, so that a whole relay runs under a simulator that owns all of these.

/** What the relay needs from the world; a simulator makes its own. */
export interface RelayPlatform {
  /** Wall clock in milliseconds since 1970. */
  now(): number
  /** `length` bytes from a cryptographic random source. */
  random(length: number): Uint8Array
  /** Calls `callback` once after `delayMs`; the returned function cancels it. */
  setTimer(delayMs: number, callback: () => void): () => void
  /** SHA-512, 64 bytes. */
  sha512(bytes: Uint8Array): Uint8Array
  /** Ed25519. Bytes that are no key or no signature verify as false. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean>
  /** Calls `callback` at the end of this turn of the event loop, when everything that has arrived was handed over. */
  defer(callback: () => void): void
}

/** One device's connection as the transport offers it. Messages arrive whole and in order. */
export interface RelayConnection {
  send(frame: Uint8Array): void
  close(code: number, reason: string): void
  /** Bytes handed to `send` that have not left yet. */
  readonly bufferedBytes: number
  readonly remoteAddress?: string
}

/** What pino offers, as far as the relay uses it. Only codes, counts and shortened ids are ever passed. */
export interface RelayLog {
  debug(details: object, message: string): void
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

export const silentLog: RelayLog = { debug() {}, info() {}, warn() {}, error() {} }
