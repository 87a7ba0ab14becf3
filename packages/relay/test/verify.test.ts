// The relay and every device judge the same signatures, and must come to one verdict: a record that only one of them takes would
// split the account.
import { readFileSync } from 'node:fs'
import { hexToBytes } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { hasSharedData, sharedData } from '../../../e2e/shared-data'
import { edgeSignatures } from '../../protocol/test/support/edge-signatures'
import { createNodePlatform } from '../src/node-platform'

const { verify } = createNodePlatform()

it.each(edgeSignatures)('the relay says of $name: $isGood', async ({ publicKey, message, signature, isGood }) => {
  expect(await verify(hexToBytes(publicKey), hexToBytes(message), hexToBytes(signature))).toBe(isGood)
})

describe.skipIf(!hasSharedData('wycheproof'))('the Wycheproof vectors of Ed25519', () => {
  interface Group {
    readonly publicKey: { readonly pk: string }
    readonly tests: readonly {
      readonly tcId: number
      readonly msg: string
      readonly sig: string
      readonly result: string
    }[]
  }
  it('get the right verdict from the relay', async () => {
    const { testGroups } = JSON.parse(readFileSync(sharedData('wycheproof/ed25519_test.json'), 'utf8')) as {
      testGroups: Group[]
    }
    let count = 0
    for (const { publicKey, tests } of testGroups) {
      for (const { tcId, msg, sig, result } of tests) {
        const isGood = await verify(hexToBytes(publicKey.pk), hexToBytes(msg), hexToBytes(sig))
        expect(`${tcId} ${isGood ? 'valid' : 'invalid'}`).toBe(`${tcId} ${result}`)
        count++
      }
    }
    expect(count).toBeGreaterThan(100)
  })
})
