'use client'

/**
 * React hooks for Owlivion Sync.
 * @module
 */
export type { RecordEntry } from './collection-view'
export { SyncProvider, type SyncProviderProps, useSync } from './context'
export { type CollectionResult, useCollection } from './use-collection'
export { useCollectionEnabled } from './use-collection-enabled'
export { useConflicts } from './use-conflicts'
export { type CopiesResult, useCopies } from './use-copies'
export { useDeletedIds } from './use-deleted-ids'
export { useDevices } from './use-devices'
export { useNetworkReturn } from './use-network-return'
export { type PairingSide, usePairingState } from './use-pairing-state'
export { useRecord } from './use-record'
export { useReissue } from './use-reissue'
export { useSchedule } from './use-schedule'
export { useSyncStatus } from './use-sync-status'
