import { readFileSync } from 'node:fs'
import nacl from 'tweetnacl'
import { describe, expect, it } from 'vitest'
import { hasSharedData, sharedData } from '../../../../e2e/shared-data'
import { tweetnaclSigning } from '../../src/platform'
import { nodeSigning } from '../../src/platform/node-signing'
import { webSigning } from '../../src/platform/web-signing'
import { bytesOf, hexOf } from './fixtures'

interface Vectors<Group> {
  readonly testGroups: readonly Group[]
}
const load = <Group>(name: string) =>
  (JSON.parse(readFileSync(sharedData(`wycheproof/${name}`), 'utf8')) as Vectors<Group>).testGroups

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

const providers = {
  tweetnacl: tweetnaclSigning,
  node: nodeSigning(),
  'WebCrypto in Node': webSigning(globalThis.crypto.subtle),
}

describe.skipIf(!hasSharedData('wycheproof'))('the Wycheproof vectors', () => {
  it.each(Object.entries(providers))('get the right verdict on each signature by %s', async (_, provider) => {
    const verdicts: string[] = []
    const expected: string[] = []
    for (const { publicKey, tests } of load<SignatureGroup>('ed25519_test.json')) {
      for (const { tcId, msg, sig, result } of tests) {
        const valid = await provider.verify(bytesOf(publicKey.pk), bytesOf(msg), bytesOf(sig))
        verdicts.push(`${tcId} ${valid ? 'valid' : 'invalid'}`)
        expected.push(`${tcId} ${result}`)
      }
    }
    expect(expected.length).toBeGreaterThan(100)
    expect(verdicts).toEqual(expected)
  })

  it('get the right shared secret from the key agreement of tweetnacl', () => {
    let count = 0
    for (const { tests } of load<AgreementGroup>('x25519_test.json')) {
      for (const { tcId, public: point, private: scalar, shared } of tests) {
        expect(`${tcId} ${hexOf(nacl.scalarMult(bytesOf(scalar), bytesOf(point)))}`).toBe(`${tcId} ${shared}`)
        count++
      }
    }
    expect(count).toBeGreaterThan(500)
  })
})
