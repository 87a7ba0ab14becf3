// What the parts of the contract suite share: a test runner, and a new store for each test.
import type { Sha512 } from '@owlivion/sync-protocol'
import { quota, record } from './contract-fixtures'
import type { AppendRequest, AppendResult, RelayStore } from './relay-store'

/** A store under test. */
export interface ContractStore {
  readonly store: RelayStore
  /** Closes the store and opens another on what it left. */
  reopen(): Promise<RelayStore>
  cleanup(): Promise<void>
}

/** The part of a test runner that the suite uses, and SHA-512. */
export interface ContractTools {
  readonly describe: (name: string, body: () => void) => void
  readonly it: (name: string, body: () => Promise<void>) => void
  readonly expect: (value: unknown) => {
    toEqual(expected: unknown): void
    toMatchObject(expected: object): void
  }
  readonly sha512: Sha512
}

type Check = (sentence: string, body: (store: RelayStore, opened: ContractStore) => Promise<void>) => void

export interface ContractSuite extends ContractTools {
  readonly name: string
  /** A test on a new, empty store. */
  readonly check: Check
  /** The same, where the account exists. */
  readonly checkWithAccount: Check
  append(store: RelayStore, ...requests: AppendRequest[]): Promise<readonly AppendResult[]>
}

export function createSuite(name: string, open: () => Promise<ContractStore>, tools: ContractTools): ContractSuite {
  const check: Check = (sentence, body) =>
    tools.it(sentence, async () => {
      const opened = await open()
      try {
        await body(opened.store, opened)
      } finally {
        await opened.cleanup()
      }
    })
  return {
    ...tools,
    name,
    check,
    checkWithAccount: (sentence, body) =>
      check(sentence, async (store, opened) => {
        tools.expect(await store.appendKeyring(record(0))).toEqual({ kind: 'stored' })
        await body(store, opened)
      }),
    append: (store, ...requests) => store.append(requests, quota),
  }
}
