/**
 * Local-first, end-to-end encrypted sync for mail clients.
 * @module
 */

export {
  type AccountOptions,
  createAccount,
  hasAccount,
  type JoiningOptions,
  joinAccount,
  type OpenOptions,
  openAccount,
  type PhraseOptions,
  recoverAccount,
} from './accounts'
export {
  type AttachedEvents,
  AttachedProvider,
  type AttachedStatus,
  type AttachOptions,
} from './attach'
export type { Sync, SyncStatus } from './client'
export type { Collection, CollectionOptions, CollectionType, RecordFields } from './collection'
export type {
  Conflict,
  ConflictCandidate,
  ConflictDevice,
  ConflictOrigin,
  DeleteConflict,
  UnseenChange,
} from './conflicts'
export type { DeletedRecord } from './deleted-records'
export type {
  Fields,
  JsonValue,
  RecordChange,
  TextAttributes,
  TextChange,
  TextContent,
  TextElement,
  TextLetters,
  TextNode,
  TextRun,
} from './document'
export { contentToText } from './document'
export { isSyncError, type LocalCode, type SyncCode, SyncError } from './errors'
export { requestPersistentStorage } from './persistence'
export {
  browserPlatform,
  type Platform,
  type SigningProvider,
  type Socket,
  type SocketHandlers,
  type StoragePersistence,
  type TabChannel,
  type TabLockMode,
  type TabLockOptions,
  type TabPlatform,
} from './platform'
export {
  type BoxedStoreOptions,
  type CommitOptions,
  type KeyVault,
  openBoxedStore,
  openMemoryStore,
  type Store,
  type StoreBatch,
  type StoreKey,
} from './storage'
export type {
  ConnectionState,
  DeviceDetails,
  DocumentCopy,
  DocumentStatus,
  EditState,
  HoldReason,
  ImportedEdits,
  LastRun,
  OwedTask,
  PhraseAnswer,
  PhraseQuestion,
  ReissueDetails,
  ScheduleChange,
  SkippedChange,
  Suspicion,
  SyncEvent,
  SyncInterval,
  SyncMode,
  SyncSchedule,
  UnsentCollection,
  UnsentEdits,
} from './sync'
export {
  type AuditEntry,
  type AuditKind,
  type AuditOptions,
  type AuditProblem,
  type AuditReport,
  type AuditStatistics,
  auditCsv,
  auditKinds,
  syncIntervals,
} from './sync'
export type { TextField } from './text-field'
export {
  createUndo,
  EditStep,
  type Undo,
  type UndoOptions,
  type UndoResult,
  type UndoSkipped,
  type UndoTarget,
} from './undo'
