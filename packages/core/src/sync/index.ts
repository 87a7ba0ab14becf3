// Bringing documents from device to device: what is verified, what is pending, and the connection between them.
export { type AuditKind, auditKinds } from '@owlivion/sync-protocol'
export type { AccountEngine, AccountParts, LiveDocument } from './account/account-engine'
export { type Existing, lockNameOf, ProfilePlace } from './account/adopt-profile'
export { countIn, fieldsOf, listIn, textIn } from './account/answer-fields'
export type { AuditProblem } from './account/audit-chain'
export { auditCsv } from './account/audit-csv'
export type { AuditEntry, AuditOptions, AuditReport, AuditStatistics } from './account/audit-log'
export type { DeviceDetails } from './account/device-details'
export { SyncEngine } from './account/engine'
export { createProfile, joinProfile, joinWithKey } from './account/join'
export { forgetJoining, joinAsAdded, keysForJoining } from './account/join-as-added'
export { readAnyProfile } from './account/profile'
export { keysInUse } from './account/sign-in-change'
export type { ConnectionState } from './connection/connection-state'
export { refusalToError } from './connection/refusal'
export { type MemberLogin, RelayDialog } from './connection/relay-dialog'
export { Authors } from './document/authors'
export type { DocumentCopy } from './document/copies'
export { type DocumentLimits, limitDocuments } from './document/document-limits'
export type { DocumentStatus, EditState } from './document/document-status'
export { DocumentSync } from './document/document-sync'
export type { OnChange } from './document/open-documents'
export { encodePending } from './document/rows'
export type { OwedTask, ReissueDetails } from './keyring/membership'
export type { PhraseAnswer, PhraseQuestion } from './keyring/phrase-keeper'
export { Listeners } from './listeners'
export type { HoldReason } from './log/log-replica'
export type { Suspicion } from './log/suspicion'
export { type DocumentObserver, observeDocuments } from './observer'
export type { ScheduleChange, SyncSchedule } from './schedule/schedule'
export { type LastRun, type SyncInterval, type SyncMode, syncIntervals } from './schedule/schedule-row'
export { StoreWriter } from './store-writer'
export type { SyncEvent } from './sync-event'
export { groupEdits } from './writing/edit-groups'
export { laneKey } from './writing/lanes'
export {
  checkUnsent,
  type ImportedEdits,
  importChanges,
  type SkippedChange,
  type UnsentCollection,
  type UnsentEdits,
} from './writing/unsent-edits'
