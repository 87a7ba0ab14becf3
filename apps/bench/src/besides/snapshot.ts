// The book as one sealed snapshot: what opening it costs a device that has nothing else to do, without the network.
import { createHash, randomBytes } from 'node:crypto'
import {
  type AccountId,
  type DeviceId,
  type DocumentId,
  decodeLargeEnvelope,
  decodeSnapshotBody,
  ENVELOPE_VERSION,
  encodeSnapshotBody,
  envelopeKinds,
  type Hash,
  SUITE_SECRETBOX,
} from '@owlivion/sync-protocol'
import { openEntry, sealEntry } from '../../../../packages/core/src/crypto'
import { createWriter, openRegisters } from '../../../../packages/core/src/document'
import { createDoc, takeClientId, Y } from '../../../../packages/core/src/yjs'
import { createContacts } from '../contacts'
import { quantile } from '../statistics'

export interface SnapshotFigures {
  readonly contacts: number
  readonly sealedBytes: number
  readonly jsonBytes: number
  /** From sealed bytes in memory to every contact read once, first run of the process and median of ten. */
  readonly firstMs: number
  readonly openMs: number
}

const bytes = <T extends Uint8Array>(length: number): T => new Uint8Array(randomBytes(length)) as Uint8Array as T
const sha512 = (content: Uint8Array): Uint8Array => new Uint8Array(createHash('sha512').update(content).digest())

export function measureSnapshot(count: number): SnapshotFigures {
  const records = createContacts(count)
  const source = createDoc('source')
  takeClientId(source, bytes)
  const registers = openRegisters({ doc: source, writer: createWriter(bytes), lastN: 0, now: () => Date.now() })
  for (const [id, fields] of records) registers.transact([{ kind: 'add', id, fields }])
  const content = encodeSnapshotBody({
    digest: bytes<Hash>(32),
    context: [],
    authors: [],
    registers: registers.encodeState(),
    texts: new Uint8Array(),
  })
  const key = bytes(32)
  const header = {
    version: ENVELOPE_VERSION,
    suite: SUITE_SECRETBOX,
    kind: envelopeKinds.snapshot,
    documentEpoch: 0,
    epoch: 0,
    device: bytes<DeviceId>(16),
    incarnation: 1,
    sequence: 1,
  }
  const place = {
    account: bytes<AccountId>(32),
    document: bytes<DocumentId>(16),
    keyId: bytes<Hash>(32),
    previous: bytes<Hash>(32),
  }
  const { envelope } = sealEntry({ sha512, random: bytes, key, header, place, content })

  const times: number[] = []
  for (let run = 0; run < 11; run++) {
    const started = performance.now()
    const opened = openEntry({ sha512, key, bytes: envelope, envelope: decodeLargeEnvelope(envelope), place })
    if (!opened.ok) throw new TypeError(`the snapshot does not open: ${opened.reason}`)
    const doc = createDoc('target')
    Y.applyUpdateV2(doc, decodeSnapshotBody(opened.content).registers)
    const target = openRegisters({ doc, writer: createWriter(bytes), lastN: 0, now: () => Date.now() })
    let read = 0
    for (const id of target.ids()) if (target.get(id) !== undefined) read++
    times.push(performance.now() - started)
    if (read !== count) throw new TypeError(`${read} of ${count} contacts are in the snapshot`)
  }
  const [firstMs = Number.NaN, ...later] = times
  const jsonBytes = Buffer.byteLength(JSON.stringify(Object.fromEntries(records)))
  return { contacts: count, sealedBytes: envelope.length, jsonBytes, firstMs, openMs: quantile(later, 0.5) }
}
