// A vault that is gone with the process.
import { checkedProfileKey, type KeyVault } from '../storage'

/**
 * Keeps a profile key in memory, for tests.
 * @param kept the key that is there from the start
 *
 * @example
 * const vault = memoryKeyVault()
 * await vault.keep(new Uint8Array(32).fill(1))
 */
export function memoryKeyVault(kept?: Uint8Array): KeyVault {
  let present = kept && checkedProfileKey(kept)
  return {
    read: async () => present && new Uint8Array(present),
    keep: async (key) => {
      present ??= checkedProfileKey(key)
      return new Uint8Array(present)
    },
    remove: async () => {
      present = undefined
    },
  }
}
