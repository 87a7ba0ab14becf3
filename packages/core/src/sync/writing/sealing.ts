// Whether this device may seal entries of a document now.
import type { DocumentId } from '@owlivion/sync-protocol'
import { isSyncError } from '../../errors'
import type { AccountContext } from '../account-context'

/** Not while somebody keeps the newest key from the others. */
export function canSeal(context: AccountContext, document: DocumentId): boolean {
  try {
    context.newestKey(document)
    return true
  } catch (error) {
    // There is none that may seal, which the keyring's author sees to; anything else comes up where it is used.
    return !isSyncError(error)
  }
}
