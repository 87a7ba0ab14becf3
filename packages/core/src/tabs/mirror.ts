// What every tab knows of the account at any moment: said by the leader whenever it may have changed. No key is in it.
import type {
  ConnectionState,
  DeviceDetails,
  DocumentStatus,
  OwedTask,
  PhraseQuestion,
  ReissueDetails,
  SyncEngine,
  SyncSchedule,
} from '../sync'
import { errorFrom, type PlainError, plainError } from './plain-error'

/** The status of a document as it travels. */
export type PlainStatus = Omit<DocumentStatus, 'refused'> & { readonly refused: PlainError | undefined }

export function plainStatus(status: DocumentStatus): PlainStatus {
  return { ...status, refused: status.refused && plainError(status.refused) }
}

export function openStatus(status: PlainStatus): DocumentStatus {
  return { ...status, refused: status.refused && errorFrom(status.refused) }
}

export interface Mirror {
  readonly connection: ConnectionState
  /** The app wants a connection. */
  readonly isOnlineWanted: boolean
  readonly storageFailure: PlainError | undefined
  readonly refusal: PlainError | undefined
  readonly isKeyringForked: boolean
  readonly isKeyringHidden: boolean
  readonly isRemoved: boolean
  readonly owed: readonly OwedTask[]
  readonly isPhraseConfirmed: boolean
  readonly phraseQuestions: readonly PhraseQuestion[]
  readonly reissue: ReissueDetails | undefined
  readonly devices: readonly DeviceDetails[]
  readonly schedule: SyncSchedule
  /** Names of those that are switched off. */
  readonly off: readonly string[]
  readonly unsent: number
  readonly areHealing: boolean
  /** By hex id, of those that are open in some tab. */
  readonly documents: Readonly<Record<string, PlainStatus>>
  /** The relay's clock minus the device's, in ms. */
  readonly clockOffsetMs: number | undefined
}

export function mirrorOf(engine: SyncEngine, isOnlineWanted: boolean, documents: Mirror['documents']): Mirror {
  const { membership, storageFailure, refusal } = engine
  return {
    connection: engine.connection,
    isOnlineWanted,
    storageFailure: storageFailure && plainError(storageFailure),
    refusal: refusal && plainError(refusal),
    isKeyringForked: engine.isKeyringForked,
    isKeyringHidden: engine.isKeyringHidden,
    isRemoved: engine.isRemoved,
    owed: membership.owed,
    isPhraseConfirmed: membership.isPhraseConfirmed,
    phraseQuestions: membership.phraseQuestions(),
    reissue: membership.reissue,
    devices: engine.devices(),
    schedule: engine.scheduler.schedule,
    off: engine.offCollections(),
    unsent: engine.documents.unsent,
    areHealing: engine.documents.areHealing,
    documents,
    clockOffsetMs: engine.clockOffsetMs,
  }
}
