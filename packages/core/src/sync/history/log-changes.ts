// What the entries that this device keeps did, one after the other, to what a person sees of the records: replayed from the snapshot that
// the log goes on from. Who did it is said by an entry's envelope, which its author signed; never by a slot, which anybody could write.
import { bytesToHex, decodeEnvelope } from '@owlivion/sync-protocol'
import { createWriter, differenceBetween, openRegisters, type RecordSlots } from '../../document'
import { createDoc, Y } from '../../yjs'
import { type Lineage, LineageMap } from '../device-map'
import type { DocumentState } from '../document/document-state'
import { applyBodies, readStoredBase, tryOpenStored } from '../log/base'
import { readLog } from '../log/log-history'
import { readFoundation } from '../snapshot/foundation'
import { docsOfSnapshot } from '../snapshot/snapshot-format'
import { updatesOf } from '../writing/body-updates'
import type { LoggedChange, PackedChange } from './logged-change'

export interface LogChanges {
  /** In the order in which they took effect. */
  readonly changes: readonly LoggedChange[]
  /** Everything that came to be since the log began is there. */
  readonly isWhole: boolean
  /** How much of each chain is in the summary that the log goes on from, and of what is not there any more. */
  readonly below: LineageMap<number>
}

/** Takes what each entry did, in their order, in place of a list of it all. */
export interface EntrySink {
  begin(below: LineageMap<number>): void
  entry(entry: Lineage & { readonly sequence: number }, changes: readonly PackedChange[]): void
}

/**
 * Call within a job.
 * @param sink when it is given, what entries did goes there, and what is not sent goes nowhere
 * @throws SyncError `profile-damaged`
 */
export async function readLogChanges(state: DocumentState, sink?: EntrySink): Promise<LogChanges> {
  const { context, document, foundation } = state
  await context.writer.barrier()
  const stored = await readStoredBase(context, document)
  const below = await readFoundation(context, document, foundation)
  const log = await readLog(context, document, foundation, stored)
  // From here to the end nothing is awaited: what is pending fits the log.
  const replay = new Replay(state, below === undefined ? undefined : docsOfSnapshot(below).registers)
  const covered = new LineageMap(below?.header.vector.map((head) => [head, head.sequence] as const))
  sink?.begin(covered)
  for (const [number, entry] of log) {
    const held = stored.held.get(number)
    const opened = held === undefined || held.released ? tryOpenStored(context, document, entry) : undefined
    if (opened === undefined) continue
    const envelope = decodeEnvelope(entry.bytes)
    const device = bytesToHex(envelope.device)
    replay.apply(updatesOf(opened.body).registers, { device, number, sealedAtMs: opened.body.sealedAtMs })
    if (sink === undefined) continue
    const { incarnation, sequence } = envelope
    const changes = replay.take().map((change) => ({ ...change, number, incarnation, sequence }))
    sink.entry({ device: envelope.device, incarnation, sequence }, changes)
  }
  const device = bytesToHex(context.device)
  if (sink === undefined)
    for (const { transaction } of state.outbox.pending)
      replay.apply(transaction.update, { device, number: undefined, sealedAtMs: undefined })
  return { changes: replay.end(), isWhole: foundation === undefined, below: covered }
}

interface Author extends Pick<LoggedChange, 'device' | 'number'> {
  readonly sealedAtMs: number | undefined
}

class Replay {
  private changes: LoggedChange[] = []
  private readonly registers
  private readonly below
  /** Of the records that were touched: what they are by now. */
  private readonly slots = new Map<string, RecordSlots>()

  constructor(
    private readonly state: DocumentState,
    start: Y.Doc | undefined,
  ) {
    const bytes = start && Y.encodeStateAsUpdateV2(start)
    const first = start ?? createDoc('registers')
    const second = applyBodies(bytes && { registers: bytes, texts: new Uint8Array() }, []).registers
    this.below = this.open(first)
    this.registers = this.open(second)
  }

  apply(update: Uint8Array, { device, number, sealedAtMs }: Author): void {
    for (const id of this.registers.apply([update])) {
      const before = this.slots.get(id) ?? this.below.slots(id)
      const after = this.registers.slots(id)
      this.slots.set(id, after)
      const difference = differenceBetween(before, after)
      if (difference === undefined) continue
      const { writtenAtMs, ...what } = difference
      const latest = sealedAtMs ?? this.state.context.now()
      this.changes.push({ id, ...what, device, number, atMs: Math.min(writtenAtMs ?? latest, latest) })
    }
  }

  /** What was done since the last time. */
  take(): readonly LoggedChange[] {
    const { changes } = this
    this.changes = []
    return changes
  }

  end(): readonly LoggedChange[] {
    this.below.doc.destroy()
    this.registers.doc.destroy()
    return this.changes
  }

  private open(doc: Y.Doc) {
    const { platform } = this.state.context
    return openRegisters({ doc, writer: createWriter(platform.random), lastN: 0, now: () => 0 })
  }
}
