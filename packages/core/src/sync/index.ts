// Bringing documents from device to device: what is verified, what is pending, and the connection between them.
export { type AuditKind, auditKinds } from '@owlivion/sync-protocol'
export type { AccountEngine, AccountParts, LiveDocument } from './account-engine'
export { type Existing, lockNameOf, ProfilePlace } from './adopt-profile'
export { countIn, fieldsOf, listIn, textIn } from './answer-fields'
export type { AuditProblem } from './audit-chain'
export { auditCsv } from './audit-csv'
export type { AuditEntry, AuditOptions, AuditReport, AuditStatistics } from './audit-log'
export type { ConnectionState } from './connection-state'
export type { DocumentCopy } from './copies'
export type { DeviceDetails } from './device-details'
export { type DocumentLimits, limitDocuments } from './document-limits'
export type { DocumentStatus, EditState } from './document-status'
export { DocumentSync } from './document-sync'
export { groupEdits } from './edit-groups'
export { SyncEngine } from './engine'
export { createProfile, joinProfile, joinWithKey } from './join'
export { forgetJoining, joinAsAdded, keysForJoining } from './join-as-added'
export { laneKey } from './lanes'
export { Listeners } from './listeners'
export type { HoldReason } from './log-replica'
export type { OwedTask, ReissueDetails } from './membership'
export { type DocumentObserver, observeDocuments } from './observer'
export type { OnChange } from './open-documents'
export type { PhraseAnswer, PhraseQuestion } from './phrase-keeper'
export { readAnyProfile } from './profile'
export { refusalToError } from './refusal'
export { type MemberLogin, RelayDialog } from './relay-dialog'
export { encodePending } from './rows'
export type { ScheduleChange, SyncSchedule } from './schedule'
export { type LastRun, type SyncInterval, type SyncMode, syncIntervals } from './schedule-row'
export { keysInUse } from './sign-in-change'
export { StoreWriter } from './store-writer'
export type { Suspicion } from './suspicion'
export type { SyncEvent } from './sync-event'
export {
  checkUnsent,
  type ImportedEdits,
  importChanges,
  type SkippedChange,
  type UnsentCollection,
  type UnsentEdits,
} from './unsent-edits'
