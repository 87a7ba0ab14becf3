// Rebases that a device of the account makes by hand, true ones and others, without a document that is worth it.
import {
  ENVELOPE_VERSION,
  encodeSnapshotBody,
  encodeSnapshotFile,
  encodeSnapshotHeader,
  envelopeKinds,
  nextDocumentEpoch,
  SUITE_SECRETBOX,
  snapshotHeaderHash,
  snapshotSigningBytes,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import { sealEntry } from '../../../src/crypto'
import { foldState } from '../../../src/document'
import { buildBaseDocs, readStoredBase } from '../../../src/sync/log/base'
import { digestOfFolded, foldedOf } from '../../../src/sync/rebase/rebase-state'
import { headerOf } from '../../../src/sync/snapshot/snapshot-build'
import { sealSnapshot } from '../../../src/sync/snapshot/snapshot-format'
import { createDoc, type Y } from '../../../src/yjs'
import { stateOf } from './compaction-world'
import type { TestDevice } from './device'
import type { SnapshotLog } from './snapshot-log'

interface Altered {
  readonly registers: Y.Map<unknown>
  dropTexts(): void
  readonly header: { -readonly [K in keyof Header]: Header[K] }
  readonly context: Map<string, number>
  /** It says that it hashes to something else. */
  lie(): void
}

type Header = ReturnType<typeof headerOf>

/** @param alter changes what it holds behind the truth's back */
export async function forgeRebase(
  log: SnapshotLog,
  device: TestDevice,
  alter: (rebase: Altered) => void = () => {},
): Promise<void> {
  const state = stateOf(device)
  const { context, document } = state
  await context.writer.barrier()
  const docs = buildBaseDocs(context, document, await readStoredBase(context, document))
  let { texts } = docs
  const truth = foldedOf(docs, state.replica.state.context)!
  const folded = foldState(truth.state, context.platform.random)
  const header = {
    ...headerOf(
      { replica: state.replica, documentEpoch: nextDocumentEpoch(state.documentEpoch, 1) },
      log.current?.hash,
    ),
  }
  const known = new Map(state.replica.state.context)
  const dropTexts = () => {
    texts = createDoc('texts')
  }
  let isLie = false
  const lie = () => {
    isLie = true
  }
  alter({ registers: folded.getMap('r'), dropTexts, header, context: known, lie })
  const sealed = await sealSnapshot(context, {
    document,
    incarnation: state.own.incarnation,
    header,
    context: known,
    digest: isLie
      ? ZERO_HASH
      : digestOfFolded(context.platform.signing.sha512, foldedOf({ registers: folded, texts }, known)!),
    docs: { registers: folded, texts },
    authors: state.authors,
  })
  const answer = log.put(sealed.hash, sealed.bytes, true)
  if (answer.type === 'refused') throw new TypeError(answer.message)
}

/** One that is signed and opens, and is no document. */
export async function forgeGarbage(log: SnapshotLog, device: TestDevice): Promise<void> {
  const state = stateOf(device)
  const { context, document } = state
  const { sha512 } = context.platform.signing
  const { position, keyId, key } = context.newestKey(document)
  const { length, head: hash } = context.keyring()
  const documentEpoch = nextDocumentEpoch(state.documentEpoch, 1)
  const header = encodeSnapshotHeader({
    ...headerOf({ replica: state.replica, documentEpoch }, log.current?.hash),
    keyringHead: { length, hash },
  })
  const garbage = new Uint8Array(40).fill(255)
  const sealed = sealEntry({
    sha512,
    random: context.platform.random,
    key,
    header: {
      ...{ version: ENVELOPE_VERSION, suite: SUITE_SECRETBOX, kind: envelopeKinds.snapshot, documentEpoch },
      ...{ epoch: position, device: context.device, incarnation: 1, sequence: state.replica.state.number },
    },
    place: { account: context.account, document, keyId, previous: snapshotHeaderHash(sha512, header) },
    content: encodeSnapshotBody({ digest: ZERO_HASH, context: [], registers: garbage, texts: garbage, authors: [] }),
  })
  const signature = await context.sign(snapshotSigningBytes(context.account, document, sealed.hash))
  const answer = log.put(sealed.hash, encodeSnapshotFile({ header, signature, envelope: sealed.envelope }), true)
  if (answer.type === 'refused') throw new TypeError(answer.message)
}
