// Taking in a keyring record. Which record may follow which is the protocol's business (`keyring-rules.ts` there); here its
// signatures are verified.
import { applyRecord, type KeyringState, ProtocolFailure, prepareRecord } from '@owlivion/sync-protocol'
import { SyncError } from '../errors'
import type { SigningProvider } from '../platform'

/**
 * The keyring with one more record, when its signatures verify and the rules allow it.
 * @param state undefined before the genesis record
 * @throws SyncError `keyring-conflict` when the record follows another head, `unsupported-version` when a newer app wrote it,
 * `keyring-invalid` when it is malformed, badly signed or against the rules
 */
export async function appendRecord(
  signing: SigningProvider,
  state: KeyringState | undefined,
  record: Uint8Array,
): Promise<KeyringState> {
  try {
    return await verifiedAppend(signing, state, record)
  } catch (error) {
    if (!(error instanceof ProtocolFailure)) throw error
    const passed = error.code === 'keyring-conflict' || error.code === 'unsupported-version'
    throw new SyncError(passed ? error.code : 'keyring-invalid', error.message, { cause: error })
  }
}

/** As `appendRecord`. @throws ProtocolFailure as the rules name it */
export async function verifiedAppend(
  signing: SigningProvider,
  state: KeyringState | undefined,
  bytes: Uint8Array,
): Promise<KeyringState> {
  const prepared = prepareRecord(signing.sha512, state, bytes)
  for (const { publicKey, signingBytes, signature } of prepared.signatures) {
    if (await signing.verify(publicKey, signingBytes, signature)) continue
    const message = `a signature of keyring record ${prepared.record.position} is not good`
    throw new ProtocolFailure('keyring-refused', message)
  }
  return applyRecord(signing.sha512, state, prepared)
}
