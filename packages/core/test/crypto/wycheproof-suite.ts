// Google's Wycheproof vectors, which collect what implementations got wrong, through every provider, in Node and in browsers.
import { bytesToHex, hexToBytes } from '@owlivion/sync-protocol'
import nacl from 'tweetnacl'
import { describe, expect, it } from 'vitest'
import type { SigningProvider } from '../../src/platform'

interface SignatureGroup {
  readonly publicKey: { readonly pk: string }
  readonly tests: readonly {
    readonly tcId: number
    readonly msg: string
    readonly sig: string
    readonly result: string
  }[]
}
interface AgreementGroup {
  readonly tests: readonly {
    readonly tcId: number
    readonly public: string
    readonly private: string
    readonly shared: string
  }[]
}

/** @param read the text of a file of the shared input */
export function wycheproofSuite(
  hasSharedData: boolean,
  read: (path: string) => Promise<string>,
  providers: Readonly<Record<string, SigningProvider>>,
): void {
  const groupsOf = async <Group>(file: string) =>
    (JSON.parse(await read(`wycheproof/${file}`)) as { readonly testGroups: readonly Group[] }).testGroups

  describe.skipIf(!hasSharedData)('the Wycheproof vectors', () => {
    it.each(Object.entries(providers))('get the right verdict on each signature by %s', async (_, provider) => {
      const verdicts: string[] = []
      const expected: string[] = []
      for (const { publicKey, tests } of await groupsOf<SignatureGroup>('ed25519_test.json')) {
        for (const { tcId, msg, sig, result } of tests) {
          const isGood = await provider.verify(hexToBytes(publicKey.pk), hexToBytes(msg), hexToBytes(sig))
          verdicts.push(`${tcId} ${isGood ? 'valid' : 'invalid'}`)
          expected.push(`${tcId} ${result}`)
        }
      }
      expect(expected.length).toBeGreaterThan(100)
      expect(verdicts).toEqual(expected)
    })

    it('get the right shared secret from the key agreement of tweetnacl', async () => {
      let count = 0
      for (const { tests } of await groupsOf<AgreementGroup>('x25519_test.json')) {
        for (const { tcId, public: point, private: scalar, shared } of tests) {
          const secret = nacl.scalarMult(hexToBytes(scalar), hexToBytes(point))
          expect(`${tcId} ${bytesToHex(secret)}`).toBe(`${tcId} ${shared}`)
          count++
        }
      }
      expect(count).toBeGreaterThan(500)
    })
  })
}
