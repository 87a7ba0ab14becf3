// What the relay keeps for password sign-in: one row an account, whose content only the service can read, and the keyed hashes
// of the addresses it is found by. Written whole and by compare-and-set, so that a registration and the box that belongs to it
// can never come apart, and a code is never taken twice.
import type { AccountId } from '@owlivion/sync-protocol'
import type { AuditEvent } from './account-rows'

/** The sign-in of one account. */
export interface SignInRow {
  readonly account: AccountId
  /** From 1, one more with every write. */
  readonly version: number
  /** Keyed hashes of the addresses that lead to this row; none for an account that has only passkeys. */
  readonly names: readonly Uint8Array[]
  /** Sealed by the service, with a key that is not in the database. */
  readonly content: Uint8Array
}

/** A row to be stored in place of the one before. */
export interface SignInPut {
  readonly account: AccountId
  /** Of the row that this one was made from; 0 when there was none. */
  readonly expectedVersion: number
  readonly names: readonly Uint8Array[]
  /** Left out to remove the row. */
  readonly content?: Uint8Array
  /** What the account's audit log says of it, in the same transaction. */
  readonly audit?: readonly AuditEvent[]
}

/** What became of a row. Only `stored` changed anything. */
export type SignInPutResult =
  | 'stored'
  /** The row is another than expected. */
  | 'conflict'
  /** Another account has one of the names. */
  | 'name-taken'
  /** The store has no such account, or has it no more. */
  | 'account-unknown'

/** Part of a RelayStore, with its promises: `put` is one transaction, and is on disk when it resolves. */
export interface SignInStore {
  /** The row that one of whose names this is. */
  find(name: Uint8Array): Promise<SignInRow | undefined>
  read(account: AccountId): Promise<SignInRow | undefined>
  put(request: SignInPut): Promise<SignInPutResult>
  /** Any row at all: by it a start learns whether its keys are those that the rows were sealed with. */
  any(): Promise<SignInRow | undefined>
}
