// The ends of all chains of an account, in one frame: what a removal is cut by.
import { encodeFrame, ProtocolFailure, type SignedDocumentHead } from '@owlivion/sync-protocol'
import { RelayError } from './errors'

/** @throws RelayError `too-many-documents` when they do not fit a frame; a part of them would make a wrong cut */
export function encodeHeads(heads: readonly SignedDocumentHead[]): Uint8Array {
  try {
    return encodeFrame({ type: 'heads', heads })
  } catch (error) {
    if (!(error instanceof ProtocolFailure)) throw error
    const message = `The account has ${heads.length} chains, more than one answer can hold.`
    throw new RelayError('too-many-documents', message, { cause: error })
  }
}
