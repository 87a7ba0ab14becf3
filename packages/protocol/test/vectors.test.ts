import { readdirSync, readFileSync } from 'node:fs'
import nacl from 'tweetnacl'
import { describe, expect, test } from 'vitest'
import { decodeAuditRow } from '../src/audit'
import { decodeBody, decodeSeenBody } from '../src/body'
import { hexToBytes } from '../src/bytes'
import { decodeCut } from '../src/cut'
import { decodeEnvelope } from '../src/envelope'
import { decodeFrame } from '../src/frames'
import { decodeSignedRecord } from '../src/keyring-record'
import type { KeyringState } from '../src/keyring-rules'
import { decodeInvitation, decodePairingContent, decodePairingMessage } from '../src/pairing'
import { decodePresenceBody } from '../src/presence'
import { decodeSnapshotBody, decodeSnapshotHeader } from '../src/snapshot'
import { decodeSnapshotFile } from '../src/snapshot-file'
import { buildVectors, toJson, type VectorFile, vectorFolder } from './make-vectors'
import { frameTypes } from './support/codecs'
import { accept } from './support/keyring-chain'
import { pairingContentSamples, pairingMessageSamples } from './support/samples'

const built = buildVectors()
const committed = Object.fromEntries(
  readdirSync(vectorFolder).map((name) => [
    name,
    JSON.parse(readFileSync(new URL(name, vectorFolder), 'utf8')) as VectorFile,
  ]),
)

const changed = (name: string, file: string) =>
  `The bytes of "${name}" are no longer those in vectors/${file}: the format has changed, and devices and relays of an earlier ` +
  'version cannot read it. If that is meant, raise the version it carries, make the vectors anew and write it into docs/protocol.'

const committedVector = (file: string, name: string) => {
  const found = committed[file]?.vectors.find((each) => each.name === name)
  if (found === undefined) throw new TypeError(`vectors/${file} has no "${name}"`)
  return found
}

test('there is a file for each group of vectors, and no other file', () => {
  expect(Object.keys(committed).sort()).toEqual(Object.keys(built).sort())
})

describe.each(Object.entries(built))('%s', (file, { about, vectors }) => {
  test('lists the same vectors in the same order', () => {
    expect(committed[file]?.about).toBe(about)
    expect(committed[file]?.vectors.map((each) => each.name)).toEqual(vectors.map((each) => each.name))
  })

  test.each(vectors)('$name has the bytes it always had', ({ name, value, hex }) => {
    const golden = committedVector(file, name)
    expect(hex, changed(name, file)).toBe(golden.hex)
    expect(golden.value).toEqual(value)
  })
})

describe('the committed bytes decode to the committed values', () => {
  test('of every frame type', () => {
    const types = committed['frames.json']?.vectors.map(({ hex, value }) => {
      const frame = decodeFrame(hexToBytes(hex))
      expect(toJson(frame)).toEqual(value)
      return frame.type
    })
    expect(new Set(types)).toEqual(new Set(frameTypes))
  })

  test.each([
    ['envelope', decodeEnvelope],
    ['body', decodeBody],
    ['seen body', decodeSeenBody],
    ['presence body', decodePresenceBody],
    ['snapshot header', decodeSnapshotHeader],
    ['snapshot body', decodeSnapshotBody],
    ['snapshot file', decodeSnapshotFile],
    ['cut', decodeCut],
  ] as const)('of the %s', (name, decode) => {
    const { hex, value } = committedVector('contents.json', name)
    expect(toJson(decode(hexToBytes(hex)))).toEqual(value)
  })

  test.each(['row 1', 'row 2'])('of %s of an audit log', (name) => {
    const { hex, value } = committedVector('audit.json', name)
    expect(toJson(decodeAuditRow(hexToBytes(hex)))).toEqual(value)
  })

  test('of the invitation, every pairing message and every content', () => {
    const decoders = [
      decodeInvitation,
      ...pairingMessageSamples.map(() => decodePairingMessage),
      ...pairingContentSamples.map(() => decodePairingContent),
    ]
    const vectors = committed['pairing.json']?.vectors ?? []
    expect(decoders.map((decode, i) => toJson(decode(hexToBytes(vectors[i]?.hex ?? ''))))).toEqual(
      decoders.map((_, i) => vectors[i]?.value),
    )
  })

  test('of every keyring record, and together they are a keyring', () => {
    let state: KeyringState | undefined
    for (const { name, hex, value } of committed['keyring.json']?.vectors ?? []) {
      if (!name.endsWith(', signed')) continue
      const { record, signature } = decodeSignedRecord(hexToBytes(hex))
      expect(toJson({ record, signature })).toEqual(value)
      state = accept(state, hexToBytes(hex))
      expect(toJson(state.head)).toBe(committedVector('keyring.json', name.replace('signed', 'hash')).hex)
    }
    expect(state?.length).toBe(12)
  })
})

describe('another implementation of NaCl', () => {
  test('makes the same hashes', () => {
    for (const file of ['hashes.json', 'audit.json']) expect(buildVectors(nacl.hash)[file]).toEqual(committed[file])
  })

  test.each(['login', 'head'])('makes the same signature of the %s', (name) => {
    const bytes = hexToBytes(committedVector('signing.json', name).hex)
    const signature = committedVector('signing.json', `signature of the ${name}`)
    const { seed } = signature.value as { seed: string }
    const key = nacl.sign.keyPair.fromSeed(hexToBytes(seed))
    expect(nacl.sign.detached(bytes, key.secretKey)).toEqual(hexToBytes(signature.hex))
  })
})
