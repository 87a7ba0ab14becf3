// Sign-in rows on the simulated disk, and the shortest statement of what the tables do. A row is part of its account, and goes
// with it.
import { bytesEqual, bytesToHex, type Sha512 } from '@owlivion/sync-protocol'
import { appendMemoryAudit } from './memory-account-rows'
import type { MemorySignInHolder } from './memory-data'
import type { SignInPut, SignInPutResult, SignInStore } from './sign-in-store'

export interface SignInMemoryParts {
  readonly sha512: Sha512
  /** By hex of the account. @throws RelayError when the store is closed */
  accounts(): ReadonlyMap<string, MemorySignInHolder>
  write<T>(change: () => T): Promise<T>
}

export function createMemorySignIns({ sha512, accounts, write }: SignInMemoryParts): SignInStore {
  const rows = () => [...accounts().values()].flatMap(({ signIn }) => signIn ?? [])
  const find = (name: Uint8Array) => rows().find((row) => row.names.some((each) => bytesEqual(each, name)))

  function put({ account: id, expectedVersion, names, content, audit = [] }: SignInPut): SignInPutResult {
    const account = accounts().get(bytesToHex(id))
    if (account === undefined) return 'account-unknown'
    const version = account.signIn?.version ?? 0
    if (version !== expectedVersion) return 'conflict'
    if (content === undefined) {
      delete account.signIn
      appendMemoryAudit(sha512, account, audit)
      return 'stored'
    }
    const isTaken = names.some((name) => !bytesEqual(find(name)?.account ?? id, id))
    if (isTaken) return 'name-taken'
    account.signIn = { account: id, version: version + 1, names, content }
    appendMemoryAudit(sha512, account, audit)
    return 'stored'
  }

  return {
    find: async (name) => find(name),
    read: async (account) => accounts().get(bytesToHex(account))?.signIn,
    put: (request) => write(() => put(request)),
    any: async () => rows()[0],
  }
}
