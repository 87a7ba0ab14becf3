// The pages of docs/protocol say what the code does: every frame, field, type, code and limit is in a table, and nothing else is.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { localCodes } from '../../core/src/errors'
import { auditKinds, encodeAuditRow } from '../src/audit'
import * as body from '../src/body'
import { closeCodeOf, type ProtocolCode, protocolCodes } from '../src/codes'
import { encodeCut } from '../src/cut'
import { encodeEnvelope, headerBytes, headSigningBytes } from '../src/envelope'
import type { Frame } from '../src/frame-types'
import { encodeFrame } from '../src/frames'
import * as ids from '../src/ids'
import * as keyringRecord from '../src/keyring-record'
import * as limits from '../src/limits'
import { encodeInvitation, encodePairingContent, encodePairingMessage } from '../src/pairing'
import { encodePresenceBody } from '../src/presence'
import { encodeSnapshotBody, encodeSnapshotHeader } from '../src/snapshot'
import { encodeSnapshotFile } from '../src/snapshot-file'
import { counting } from './support/bytes'
import { frameTypes } from './support/codecs'
import { acceptedChain } from './support/keyring-chain'
import { fieldPaths, fieldsIn, writtenBy, writtenInTable } from './support/layout'
import { plain, type Section, sectionOf, sectionsOf } from './support/pages'
import {
  auditRowSample,
  bodySample,
  cutSample,
  envelopeSample,
  everyFrameSample,
  invitationSample,
  pairingContentSamples,
  pairingMessageSamples,
  presenceBodySample,
  seenBodySample,
  snapshotBodySample,
  snapshotFileSample,
  snapshotHeaderSample,
} from './support/samples'

const unique = (items: readonly string[]) => [...new Set(items)]
const sorted = (items: readonly string[]) => [...items].sort()

describe('frames.md', () => {
  const sections = sectionsOf('frames.md').filter(({ text }) => /^Type \d+\./m.test(text))
  const samples = everyFrameSample()

  test('describes every frame type and no other', () => {
    expect(sorted(sections.map(({ heading }) => heading))).toEqual(sorted(frameTypes))
  })

  test.each(sections)('says of $heading by which number it goes and who sends it', ({ heading, text }) => {
    const id = encodeFrame(samples.find((frame) => frame.type === heading) as Frame)[0] as number
    expect(/^Type (\d+)\. From (a device|the relay)\./m.exec(text)?.slice(1)).toEqual([
      String(id),
      id < 64 ? 'a device' : 'the relay',
    ])
  })

  test.each(sections)('has every field of $heading, and its type as it is written', (section) => {
    const frames = samples.filter((frame) => frame.type === section.heading)
    const fields = unique(frames.flatMap(({ type: _, ...fields }) => fieldPaths(fields)))
    expect(sorted(fieldsIn(section))).toEqual(sorted(fields))
    for (const frame of frames)
      expect(writtenInTable(section, frame)).toEqual(writtenBy(() => encodeFrame(frame)).slice(1))
  })

  test('names only codes that exist', () => {
    const isCode = (name: string) => name in protocolCodes || name in localCodes
    const known = new Set<string>([...frameTypes, ...sections.flatMap(fieldsIn), ...Object.keys(limits), 'SyncError'])
    const named = sections.flatMap(({ text }) => [...text.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)].map((match) => match[1]))
    expect(unique(named as string[]).filter((name) => !isCode(name) && !known.has(name))).toEqual([])
  })
})

describe('what an envelope holds and is made of', () => {
  const place = {
    account: counting<ids.AccountId>(32, 1),
    document: counting<ids.DocumentId>(16, 1),
    keyId: counting<ids.Hash>(32, 1),
    previous: counting<ids.Hash>(32, 1),
  }
  const head = { device: envelopeSample.device, incarnation: 1, sequence: 1, hash: place.previous }
  const { nonce: _nonce, box: _box, epoch: _epoch, ...boundHeader } = envelopeSample
  const afterDomain = () => headSigningBytes(place.account, place.document, head)

  test.each<[string, string, object, () => unknown, number]>([
    ['envelope.md', 'Clear part and box', envelopeSample, () => encodeEnvelope(envelopeSample), 0],
    ['envelope.md', 'Header H', { ...boundHeader, ...place }, () => headerBytes(envelopeSample, place), 0],
    ['envelope.md', 'Heads', head, afterDomain, 2],
    ['body.md', 'Body of an entry', bodySample, () => body.encodeBody(bodySample), 0],
    ['body.md', 'Body of a seen row', seenBodySample, () => body.encodeSeenBody(seenBodySample), 0],
    ['body.md', 'Body of a presence', presenceBodySample, () => encodePresenceBody(presenceBodySample), 0],
    ['snapshot.md', 'Snapshot header', snapshotHeaderSample, () => encodeSnapshotHeader(snapshotHeaderSample), 0],
    ['snapshot.md', 'Snapshot body', snapshotBodySample, () => encodeSnapshotBody(snapshotBodySample), 0],
    ['snapshot.md', 'Snapshot file', snapshotFileSample, () => encodeSnapshotFile(snapshotFileSample), 0],
    ['keyring.md', 'Cut', cutSample, () => encodeCut(cutSample), 0],
    ['audit.md', 'Row', auditRowSample, () => encodeAuditRow(auditRowSample), 0],
    ['pairing.md', 'The code that a camera reads', invitationSample, () => encodeInvitation(invitationSample), 0],
  ])('is in %s under "%s", field by field as it is written', (page, heading, value, encode, before) => {
    const section = sectionOf(page, heading)
    expect(sorted(fieldsIn(section))).toEqual(sorted(fieldPaths(value)))
    expect(writtenInTable(section, value)).toEqual(writtenBy(encode).slice(before))
  })
})

describe('pairing.md', () => {
  const samples = [
    ...pairingMessageSamples.map((message) => ({ ...message, bytes: () => encodePairingMessage(message), before: 2 })),
    ...pairingContentSamples.map((content) => ({ ...content, bytes: () => encodePairingContent(content), before: 1 })),
  ]

  test.each(samples)('has every field of $type, as it is written', ({ bytes, before, ...message }) => {
    const section = sectionOf('pairing.md', message.type)
    const { type: _, ...fields } = message
    expect(sorted(fieldsIn(section))).toEqual(sorted(fieldPaths(fields)))
    expect(writtenInTable(section, message)).toEqual(writtenBy(bytes).slice(before))
  })

  test.each(samples)('says by which number $type goes', ({ type, bytes, before }) => {
    expect(/^Type (\d+)\./m.exec(sectionOf('pairing.md', type).text)?.[1]).toBe(String(bytes()[before - 1]))
  })
})

describe('keyring.md', () => {
  const records = acceptedChain().map(({ bytes }) => keyringRecord.decodeSignedRecord(bytes).record)
  const everyRecord = sectionOf('keyring.md', 'Every record')
  const content = (type: string) => sectionOf('keyring.md', type)

  test('describes every type of record by its number', () => {
    const type = everyRecord.rows.find(([field]) => field === '`type`')?.[3]
    const numbers = Object.entries(keyringRecord.recordTypes).map(([name, number]) => `${number} ${name}`)
    expect(type).toBe(numbers.join(', '))
    const role = sectionOf('keyring.md', 'Device description').rows.find(([field]) => field === '`role`')?.[2]
    expect(role).toBe(keyringRecord.deviceRoles.map((name, number) => `${number} ${name}`).join(', '))
  })

  test.each(records)('has every field of $type, and its type as it is written', (record) => {
    // Without the marks for the content by type and for the signature.
    const rows = [...everyRecord.rows.slice(0, -2), ...content(record.type).rows]
    expect(sorted(fieldsIn({ rows }).map((field) => field.replace('[]', '')))).toEqual(sorted(Object.keys(record)))
    expect(writtenInTable({ rows }, record)).toEqual(writtenBy(() => keyringRecord.encodeUnsignedRecord(record)))
  })

  test('has every field of what records are made of', () => {
    const [genesis, , rekey] = records as [keyringRecord.GenesisRecord, unknown, keyringRecord.RekeyRecord]
    const request = records.find(({ type }) => type === 'request') as keyringRecord.RequestRecord
    for (const [heading, value] of [
      ['Public keys', genesis.recovery],
      ['Device description', genesis.device],
      ['Epoch', rekey.epoch],
      ['Next recovery', request.next],
    ] as const)
      expect(sorted(fieldsIn(sectionOf('keyring.md', heading)))).toEqual(sorted(fieldPaths(value)))
  })
})

describe('audit.md', () => {
  test('has a row for every kind, with its number', () => {
    const rows = sectionOf('audit.md', 'Kinds').rows.map(([number, kind = '']) => [number, plain(kind)])
    expect(rows).toEqual(auditKinds.map((kind, number) => [String(number), kind]))
  })
})

describe('limits.md', () => {
  const numbersOf = (...modules: object[]) =>
    Object.fromEntries(modules.flatMap((each) => Object.entries(each)).filter(([, value]) => typeof value === 'number'))
  const table = ({ rows }: Section) =>
    Object.fromEntries(rows.map(([name = '', value = '']) => [plain(name), Number(value.replaceAll(',', ''))]))

  test('has a row for every limit, with its value', () => {
    expect(table(sectionOf('limits.md', 'Limits'))).toEqual(numbersOf(limits))
  })

  test('has a row for every fixed size, with its value', () => {
    expect(table(sectionOf('limits.md', 'Fixed sizes'))).toEqual(numbersOf(ids, keyringRecord, body))
  })
})

describe('errors.md', () => {
  const rowsOf = (heading: string) =>
    sectionOf('errors.md', heading).rows.map(([code = '', meaning, retry, close, device, person]) => ({
      code: plain(code),
      retry,
      close,
      isTold: [meaning, device, person].every((cell) => cell !== undefined && cell.length > 5),
    }))

  test('has a row for every code that travels, with what it says about trying again and closing', () => {
    const rows = Object.entries(protocolCodes).map(([code, { retryable }]) => ({
      code,
      retry: retryable ? 'yes' : 'no',
      close: String(closeCodeOf(code as ProtocolCode) ?? '–'),
      isTold: true,
    }))
    expect(rowsOf('From the relay')).toEqual(rows)
  })

  test('has a row for every code of a device', () => {
    const rows = Object.entries(localCodes).map(([code, { retryable }]) => ({
      code,
      retry: retryable ? 'yes' : 'no',
      close: '–',
      isTold: true,
    }))
    expect(rowsOf('On the device')).toEqual(rows)
  })
})

describe('index.md', () => {
  test('names every domain string', () => {
    const source = new URL('../src/', import.meta.url)
    const used = readdirSync(source).flatMap((name) => {
      const text = readFileSync(new URL(name, source), 'utf8')
      return [...text.matchAll(/(?:hashParts\(sha512, |domain\()'([a-z-]+)'/g)].map((match) => match[1] as string)
    })
    const named = sectionOf('index.md', 'Hashes and signatures').rows.map(([name = '']) => plain(name))
    expect(sorted(named)).toEqual(sorted(unique(used)))
  })

  test('links to every page, and every link leads somewhere', () => {
    const folder = new URL('../../../docs/protocol/', import.meta.url)
    const pages = readdirSync(folder)
    const linked = new Map(
      pages.map((page) => {
        const links = [...readFileSync(new URL(page, folder), 'utf8').matchAll(/\]\(([^)#]+)[^)]*\)/g)]
        return [page, links.map((match) => match[1] as string)]
      }),
    )
    expect(unique(linked.get('index.md') as string[])).toEqual(
      expect.arrayContaining(pages.filter((page) => page !== 'index.md')),
    )
    for (const links of linked.values())
      for (const link of links) expect(() => readFileSync(new URL(link, folder)), link).not.toThrow()
  })
})
