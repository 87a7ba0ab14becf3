'use client'

/**
 * React hooks for Owlivion Sync.
 * @module
 */
export type { RecordEntry } from './collection-view'
export { SyncProvider, type SyncProviderProps, useSync } from './context'
export { type CollectionResult, useCollection } from './use-collection'
export { useConflicts } from './use-conflicts'
export { useDeletedIds } from './use-deleted-ids'
export { useDevices } from './use-devices'
export { type PairingSide, usePairingState } from './use-pairing-state'
export { useRecord } from './use-record'
export { useReissue } from './use-reissue'
export { useSyncStatus } from './use-sync-status'
