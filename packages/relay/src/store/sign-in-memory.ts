// Sign-in rows on the simulated disk, and the shortest statement of what the tables do.
import { bytesToHex } from '@owlivion/sync-protocol'
import { RelayError } from '../errors'
import type { SignInPut, SignInPutResult, SignInRow, SignInStore } from './sign-in-store'

/** By hex of the account. */
export type MemorySignIns = Map<string, SignInRow>

export interface SignInMemoryParts {
  readonly rows: MemorySignIns
  /** @throws RelayError when the store is closed */
  hasAccount(account: SignInRow['account']): boolean
  write<T>(change: () => T): Promise<T>
}

export function createMemorySignIns({ rows, hasAccount, write }: SignInMemoryParts): SignInStore {
  const holderOf = (name: Uint8Array) =>
    [...rows.values()].find((row) => row.names.some((each) => bytesToHex(each) === bytesToHex(name)))

  function put({ account, expectedVersion, names, content }: SignInPut): SignInPutResult {
    if (!hasAccount(account)) throw new RelayError('account-unknown')
    const key = bytesToHex(account)
    const version = rows.get(key)?.version ?? 0
    if (version !== expectedVersion) return 'conflict'
    if (content === undefined) {
      rows.delete(key)
      return 'stored'
    }
    for (const name of names) {
      const holder = holderOf(name)
      if (holder !== undefined && bytesToHex(holder.account) !== key) return 'name-taken'
    }
    rows.set(key, { account, version: version + 1, names, content })
    return 'stored'
  }

  return {
    find: async (name) => holderOf(name),
    read: async (account) => rows.get(bytesToHex(account)),
    put: (request) => write(() => put(request)),
    any: async () => rows.values().next().value,
  }
}
