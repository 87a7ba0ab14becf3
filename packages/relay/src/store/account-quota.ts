// What the store is told of an account's share of the disk.

/** What one account may take up. */
export interface AccountQuota {
  readonly maxDocuments: number
  /** Envelopes, seen rows, snapshots and keyring of an account together; undefined for no bound. */
  readonly maxBytes: number | undefined
}
