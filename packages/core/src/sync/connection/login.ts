// Logging in: the relay draws a nonce, the device signs it for this very relay and account, so that the answer is of no use elsewhere.
import { type AccountId, type Frame, type Hash, loginSigningBytes } from '@owlivion/sync-protocol'

export interface LoginKey {
  /** Ed25519. */
  readonly publicKey: Uint8Array
  sign(message: Uint8Array): Promise<Uint8Array>
}

/** @param url of the relay, as it was dialled */
export async function answerChallenge(url: string, account: AccountId, key: LoginKey, nonce: Hash): Promise<Frame> {
  const message = loginSigningBytes(hostOf(url), account, key.publicKey, nonce)
  return { type: 'auth', publicKey: key.publicKey, signature: await key.sign(message) }
}

/** Host and port as they stand in the relay's URL. */
export function hostOf(url: string): string {
  return new URL(url).host
}
