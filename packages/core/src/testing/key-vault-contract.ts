// What every KeyVault must do, as tests for whoever writes one: the promises of storage/key-vault.ts, one by one. That a vault survives a
// power cut is not tried here.
//
//   import { describe, expect, it } from 'vitest'
//   import { keyVaultContract } from '@owlivion/sync/testing'
//   keyVaultContract({ describe, it, expect }, 'my keychain', (name) => openMyKeychain(name))
import type { KeyVault } from '../storage'
import { codeOf, type TestFunctions } from './test-functions'

const keyOf = (value: number): Uint8Array => new Uint8Array(32).map((_, index) => (index * 7 + value) & 0xff)

/**
 * Declares the suite. `openVault(name)` opens the place `name`: empty the first time a name is used, and with the key that was kept when
 * the name is opened again.
 */
export function keyVaultContract(
  { describe, it, expect }: TestFunctions,
  vaultName: string,
  openVault: (name: string) => Promise<KeyVault>,
): void {
  let places = 0

  const test = (behaviour: string, run: (vault: KeyVault, reopen: () => Promise<KeyVault>) => Promise<void>): void =>
    it(behaviour, async () => {
      const place = `vault-contract-${++places}`
      const vault = await openVault(place)
      try {
        await run(vault, () => openVault(place))
      } finally {
        await vault.remove()
      }
    })

  describe(`${vaultName} keeps the promises of a key vault`, () => {
    test('a new vault has no key', async (vault) => {
      expect(await vault.read()).toEqual(undefined)
    })

    test('the key that was kept is read, also after the vault was opened again', async (vault, reopen) => {
      expect(await vault.keep(keyOf(1))).toEqual(keyOf(1))
      expect(await vault.read()).toEqual(keyOf(1))
      expect(await (await reopen()).read()).toEqual(keyOf(1))
    })

    test('a key that is there is never replaced', async (vault, reopen) => {
      await vault.keep(keyOf(1))
      expect(await vault.keep(keyOf(2))).toEqual(keyOf(1))
      expect(await (await reopen()).keep(keyOf(3))).toEqual(keyOf(1))
      expect(await vault.read()).toEqual(keyOf(1))
    })

    test('of keys that are handed over at once one is kept, and every caller is told which', async (vault, reopen) => {
      const other = await reopen()
      const answers = await Promise.all([1, 2, 3, 4].map((n) => (n % 2 ? vault : other).keep(keyOf(n))))
      const kept = await vault.read()
      expect([1, 2, 3, 4].map(keyOf).some((key) => key.every((byte, index) => byte === kept?.[index]))).toEqual(true)
      for (const answer of answers) expect(answer).toEqual(kept)
    })

    test('a key that was removed is gone, and removing it again does no harm', async (vault, reopen) => {
      await vault.keep(keyOf(1))
      await vault.remove()
      expect(await vault.read()).toEqual(undefined)
      expect(await (await reopen()).read()).toEqual(undefined)
      await vault.remove()
      expect(await vault.keep(keyOf(2))).toEqual(keyOf(2))
      expect(await vault.read()).toEqual(keyOf(2))
    })

    test('keys are copies', async (vault) => {
      const handedOver = keyOf(1)
      const answer = await vault.keep(handedOver)
      handedOver.fill(0)
      answer.fill(0)
      const read = await vault.read()
      expect(read).toEqual(keyOf(1))
      read?.fill(0)
      expect(await vault.read()).toEqual(keyOf(1))
    })

    test('what is not 32 bytes is refused and not kept', async (vault) => {
      for (const length of [0, 31, 33])
        expect(await codeOf(vault.keep(new Uint8Array(length)))).toEqual('storage-failed')
      expect(await vault.read()).toEqual(undefined)
    })
  })
}
