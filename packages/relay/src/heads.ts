// The ends of the chains of an account, in one frame: what a removal is cut by.
import { chainsForCut, encodeFrame, type SignedDocumentHead } from '@owlivion/sync-protocol'

/** No more than a cut can name: a device with chains without number must not be one that nobody can remove. */
export function encodeHeads(heads: readonly SignedDocumentHead[]): Uint8Array {
  return encodeFrame({ type: 'heads', heads: chainsForCut(heads) })
}
