// Purges what was deleted long ago: removes the values of a record for good, once nobody can have an edit of it any more that has not seen
// the delete. A delete counts from when this device had it, not from when it was written, and both clocks must say that the time is over:
// neither a relay that lies about the time nor a device whose clock was set wrong makes anything go early.
import type { InspectedRecord, Writer } from '../../document'
import { LineageMap } from '../device-map'
import type { DocumentHost, DocumentPart } from '../document/document-part'
import { decodeMilestones, encodeMilestones, type Milestone, purgeKey } from './purge-row'

const DAY_MS = 24 * 3_600_000
/** How long a deleted record can be restored. */
export const PURGE_AFTER_MS = 30 * DAY_MS
/** A device that nothing was heard of for so long is not waited for. */
export const SILENT_MS = 180 * DAY_MS
/** A purge that is some hours late harms nobody; looking costs a walk over what is deleted. */
const LOOK_INTERVAL_MS = 3_600_000
/** The relay tells its time with every heartbeat. */
const CLOCK_FRESH_MS = 60_000
const MAX_AT_ONCE = 500
const MAX_MILESTONES = 40

export class Purging implements DocumentPart {
  private milestones: Milestone[] | undefined
  private lookedAtMs = Number.NEGATIVE_INFINITY

  constructor(private readonly host: DocumentHost) {}

  async caughtUp(): Promise<void> {
    const { host } = this
    const { context, state } = host
    const now = context.platform.now()
    // Without the relay's clock there is only one.
    const isClockFresh = Math.abs(now - (context.clockToldAtMs ?? Number.NEGATIVE_INFINITY)) < CLOCK_FRESH_MS
    if (!isClockFresh || context.isRemoved || host.isHealing || host.isClosed) return
    // With edits that wait, what is read is not what will be.
    if (state.outbox.pending.length > 0) return
    if (Math.abs(now - this.lookedAtMs) < LOOK_INTERVAL_MS) return
    this.lookedAtMs = now
    const row = this.milestones === undefined ? await context.store.get(purgeKey(state.document)) : undefined
    const milestones = this.milestones ?? (row === undefined ? [] : decodeMilestones(row))
    this.milestones = milestones
    if (host.isClosed || state.outbox.pending.length > 0) return
    // A clock was wrong when these were taken, or is now: to wait for that time would be to wait for ever.
    const past = milestones.filter(
      ({ atMs, correctedAtMs }) => atMs - now < DAY_MS && correctedAtMs - context.now() < DAY_MS,
    )
    this.look(past.length < milestones.length ? past : milestones)
  }

  private look(milestones: readonly Milestone[]): void {
    const { context, state, edits } = this.host
    const ripe = milestones.findLast((each) => this.isRipe(each))
    const due: string[] = []
    let kept = milestones
    let needsMilestone = false
    const deleted = [...state.registers.deletedIds()]
    for (const id of deleted) {
      const record = state.registers.inspect(id)
      if (record === undefined) continue
      if (ripe !== undefined && isDue(record, ripe)) due.push(id)
      else if (!milestones.some((each) => covers(each, record))) needsMilestone = true
    }
    if (deleted.length === 0) kept = []
    const newest = milestones.at(-1)
    const isOld = newest === undefined || Math.abs(context.platform.now() - newest.atMs) >= DAY_MS
    if (needsMilestone && isOld) kept = [...milestones, this.milestone()]
    // What is dropped between two has only the later one left to count from.
    if (kept.length > MAX_MILESTONES) kept = kept.filter((_, i) => i !== 1)
    if (kept !== milestones && (kept.length > 0 || milestones.length > 0)) this.keep(kept)
    // Closing ends it early; it is done at another time.
    const ids = due.slice(0, MAX_AT_ONCE)
    for (const stored of edits.transactAll(ids.map((id) => ({ kind: 'purge', id })))) stored.catch(() => {})
  }

  private keep(milestones: readonly Milestone[]): void {
    const { context, state } = this.host
    this.milestones = [...milestones]
    const put = [[purgeKey(state.document), encodeMilestones(milestones)]] as const
    // Lost with a crash, it is taken anew: purging is later then.
    void context.writer.write({ put }).catch(() => {})
  }

  private milestone(): Milestone {
    const { context, state } = this.host
    const { number, context: written } = state.replica.state
    return {
      atMs: Math.max(0, Math.floor(context.platform.now())),
      correctedAtMs: Math.max(0, Math.floor(context.now())),
      number,
      applied: new LineageMap(state.appliedByOthers()),
      context: new Map([...written].map(([writer, n]) => [writer as Writer, n])),
    }
  }

  private isRipe({ atMs, correctedAtMs, number, applied }: Milestone): boolean {
    const { context, seenRows } = this.host
    const [now, corrected] = [context.platform.now(), context.now()]
    if (now - atMs < PURGE_AFTER_MS || corrected - correctedAtMs < PURGE_AFTER_MS) return false
    const isLongAgo = now - atMs >= SILENT_MS && corrected - correctedAtMs >= SILENT_MS
    const progress = { applied, number, unheard: isLongAgo ? 'silent' : 'holds it' } as const
    return seenRows.holdersHave(progress, Math.min(now, corrected) - SILENT_MS)
  }
}

function covers({ context }: Milestone, { marks }: InspectedRecord): boolean {
  return marks.every(({ writer, n }) => n <= (context.get(writer) ?? 0))
}

function isDue(record: InspectedRecord, ripe: Milestone): boolean {
  return record.deleteConflict.length === 0 && covers(ripe, record)
}
