// Reads one document of this device from its rows.
import type { DeviceId, DocumentId } from '@owlivion/sync-protocol'
import { createWriter } from '../../document'
import { SyncError } from '../../errors'
import { type AccountContext, randomUint32 } from '../account-context'
import { LineageMap } from '../device-map'
import { decodeHealing, healingKey } from '../healing/healing-row'
import { KeyringAgreement } from '../keyring/keyring-agreement'
import { buildBaseDocs, readStoredBase, type StoredBase } from '../log/base'
import { reopenHeld } from '../log/held'
import { emptyReplicaState, LogReplica, type LogReplicaState } from '../log/log-replica'
import { writerFromBytes } from '../writer-bytes'
import { Outbox } from '../writing/outbox'
import { DocumentState, type OwnLineage } from './document-state'
import { LiveTexts } from './live-texts'
import { applyPending, openLive } from './open-live'
import { decodePending, decodePush, rowKeys } from './rows'
import { decodeState } from './state-row'

function replicaOf(
  context: AccountContext,
  document: DocumentId,
  agreement: KeyringAgreement,
  state: LogReplicaState,
): LogReplica {
  const isCutOff = (device: DeviceId, incarnation: number, sequence: number): boolean =>
    context.isCutOff(document, device, incarnation, sequence) || agreement.isStranger(device)
  return new LogReplica(context.platform.signing.sha512, state, isCutOff, writerFromBytes)
}

/** The number up to which the rows hold every entry, by themselves or folded. */
function storedThrough({ base, logs }: StoredBase): number | undefined {
  let through = base?.number ?? 0
  for (const [first, { entries }] of logs) {
    if (first !== through + 1) return undefined
    through += entries.length
  }
  return through
}

/** Reads a document from the store; one that is not there starts empty, one that cannot be read is an error and never empty. */
export async function loadDocument(context: AccountContext, document: DocumentId): Promise<DocumentState> {
  const [stateBytes, healingBytes, stored, pendingRows, pushRows] = await Promise.all([
    context.store.get(rowKeys.state(document)),
    context.store.get(healingKey(document)),
    readStoredBase(context, document),
    context.store.list(rowKeys.pendings(document)),
    context.store.list(rowKeys.pushes(document)),
  ])
  const isStored = [stored.logs.length, stored.held.size, pendingRows.length, pushRows.length].some(
    (count) => count > 0,
  )
  if (stateBytes === undefined && (isStored || stored.base !== undefined))
    throw new SyncError('profile-damaged', 'The state of a document is missing in this device’s store.')
  const row = stateBytes && decodeState(stateBytes)
  if (storedThrough(stored) !== (row?.number ?? 0))
    throw new SyncError('profile-damaged', 'A part of a document is missing in this device’s store.')

  const outbox = new Outbox()
  outbox.pending = pendingRows.map(([key, bytes]) => ({ order: key[2] as number, ...decodePending(bytes) }))
  outbox.pushes = pushRows.map(([, bytes]) => decodePush(bytes))
  // A point may have been named since.
  outbox.endEntry()
  outbox.nextOrder = Math.max(row?.nextOrder ?? 1, 1 + (outbox.pending.at(-1)?.order ?? 0))

  const writer = row?.writer ?? createWriter(context.platform.random)
  const pendingN = outbox.pending.filter((item) => item.transaction.writer === writer).map((item) => item.transaction.n)
  // While a relay is healed the log is shorter than what this device has written.
  const writtenN = [row?.context, healingBytes && decodeHealing(healingBytes).context].map(
    (each) => each?.get(writer) ?? 0,
  )
  const lastN = Math.max(...writtenN, ...pendingN)
  const docs = buildBaseDocs(context, document, stored)
  applyPending(docs, outbox)

  const replicaState =
    row === undefined
      ? emptyReplicaState(context.platform.signing.sha512, context.account, document)
      : { ...row, context: new Map(row.context), held: [] }
  const agreement = new KeyringAgreement(context)
  const replica = replicaOf(context, document, agreement, replicaState)
  const own: OwnLineage = {
    incarnation: row?.incarnation ?? randomUint32(context.platform),
    continues: row?.continues,
    announcedSeen: row?.announcedSeen ?? new LineageMap(),
    announcedKeyringLength: row?.announcedKeyringLength ?? 0,
    seenByOthers: row?.seenByOthers ?? new LineageMap(),
  }
  const state = new DocumentState(
    context,
    document,
    openLive(context, docs, writer, lastN),
    new LiveTexts(docs.texts),
    replica,
    outbox,
    own,
    agreement,
  )
  state.documentEpoch = row?.documentEpoch ?? 0
  state.foundation = row?.foundation
  if (row !== undefined) {
    state.logTail = row.tail
    state.authors = row.authors
  }
  state.tailRows = stored.logs.length
  for (const [, , sizeBytes] of stored.logs) state.tailBytes += sizeBytes
  replicaState.held = reopenHeld(context, document, stored)
  return state
}
