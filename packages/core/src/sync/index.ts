// Bringing documents from device to device: what is verified, what is pending, and the connection between them.
export type { DocumentStatus, EditState } from './document-sync'
export { DocumentSync } from './document-sync'
export { type DeviceDetails, SyncEngine, type SyncEvent } from './engine'
export { createProfile, joinProfile } from './join'
export type { HoldReason } from './log-replica'
export { type DocumentObserver, observeDocuments } from './observer'
export { readProfile } from './profile'
export type { ConnectionState } from './session'
