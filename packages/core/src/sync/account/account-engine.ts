// What the public face of an account needs of whatever stands behind it: the engine itself, or a tab that leaves the work to another one.
import type { DocumentStatus } from '../document/document-status'
import type { DocumentSync } from '../document/document-sync'
import type { OnChange } from '../document/open-documents'
import type { SyncEngine } from './engine'

/** One collection's document, to read and to write. */
export type LiveDocument = Pick<DocumentSync, 'registers' | 'texts' | 'authors' | 'status' | 'transactAll'> & {
  /** Asks for a status that takes in all that `registers` holds at the call. Left out where `status` always does. */
  askStatus?(): Promise<DocumentStatus>
}

type Parts = 'presence' | 'documents' | 'membership' | 'service' | 'scheduler'

export type AccountEngine = Pick<
  SyncEngine,
  | 'account'
  | 'device'
  | 'platform'
  | 'relay'
  | 'connection'
  | 'storageFailure'
  | 'unsavedEdits'
  | 'trySaving'
  | 'refusal'
  | 'isKeyringForked'
  | 'isKeyringHidden'
  | 'isRemoved'
  | 'goOnline'
  | 'goOffline'
  | 'devices'
  | 'on'
  | 'onStatus'
  | 'statusChanged'
  | 'confirmation'
  | 'unsentEdits'
  | 'importChanges'
  | 'resolveFork'
  | 'isCollectionOn'
  | 'setCollectionOn'
  | 'close'
> & { readonly [Part in Parts]: AccountParts[Part] }

export interface AccountParts {
  readonly presence: Pick<SyncEngine['presence'], 'join'>
  readonly documents: {
    /** Transactions of all documents that the relay has not confirmed. */
    readonly unsent: number
    /** The relay is given back what it lost of some document, whether or not the app has opened it. */
    readonly areHealing: boolean
    open(name: string, onChange?: OnChange): Promise<() => LiveDocument>
  }
  readonly membership: Pick<
    SyncEngine['membership'],
    | 'owed'
    | 'isPhraseConfirmed'
    | 'reissue'
    | 'phraseQuestions'
    | 'unconfirmedPhrase'
    | 'confirmPhrase'
    | 'reissuePhrase'
    | 'requestReissue'
    | 'approveReissue'
    | 'vetoReissue'
    | 'removeDevices'
    | 'removeOtherDevices'
    | 'rotateKeys'
    | 'leave'
  >
  readonly service: Pick<SyncEngine['service'], 'refreshSightings' | 'audit' | 'auditAsCsv' | 'deleteAccount'>
  readonly scheduler: Pick<SyncEngine['scheduler'], 'schedule' | 'change' | 'runNow' | 'networkReturned'>
}
