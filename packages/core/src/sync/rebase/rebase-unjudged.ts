// What this device had before a rebase that it could not compare with it, because a newer version of the app wrote something into one of
// the two. It is kept until it can be compared, or until another device has found the rebase true and a week has passed.
import { bytesEqual, SNAPSHOT_KEEP_MS } from '@owlivion/sync-protocol'
import { readState } from '../../document'
import type { DocumentHost } from '../document/document-part'
import { buildBaseDocs, readStoredBase } from '../log/base'
import type { CurrentSnapshot } from '../snapshot/current-snapshot'
import { readFoundation } from '../snapshot/foundation'
import { hasVote } from '../snapshot/snapshot-votes'
import { knownWrites } from './rebase-judge'
import { type KeptPart, type OwedList, owedRows, type UnjudgedPart } from './rebase-owed'
import { type FoldedDocument, foldedOf, owedAfter, readRebase } from './rebase-state'

export class UnjudgedParts {
  /** By this version of the app. */
  private readonly unreadable = new WeakSet<KeptPart>()

  constructor(
    private readonly host: DocumentHost,
    private readonly owed: OwedList,
    private readonly current: CurrentSnapshot,
  ) {}

  /** Call within a job. What turns out to be missing is owed from then on. */
  async look(): Promise<void> {
    const { host, owed } = this
    const { context, state } = host
    const rows = await owed.all()
    if (!rows.some(({ part }) => part.kind === 'unjudged')) return
    const after = await this.read(rows.map(({ part }) => part))
    const compared = (part: UnjudgedPart): KeptPart[] => {
      if (this.isSettled(part)) return []
      const before = after && foldedOf(part.docs, part.context)
      return after && before ? owedAfter(before, after) : [part]
    }
    const parts = rows.flatMap(({ part }) => (part.kind === 'unjudged' ? compared(part) : [part]))
    if (host.isClosed || (parts.length === rows.length && parts.every((part, i) => part === rows[i]?.part))) return
    const put = owedRows(context, state.document, parts)
    owed.replaced(parts)
    await context.writer.write({ put, remove: rows.slice(parts.length).map(({ key }) => key) })
  }

  /** @returns what took the place of these; undefined where that, or all of them, cannot be read: most often that is soon found */
  private async read(parts: readonly KeptPart[]): Promise<FoldedDocument | undefined> {
    const { context, state } = this.host
    for (const part of parts)
      if (part.kind === 'unjudged' && !this.unreadable.has(part) && readState(part.docs.registers) === undefined)
        this.unreadable.add(part)
    const readable = parts.filter((part) => part.kind === 'unjudged' && !this.unreadable.has(part)) as UnjudgedPart[]
    if (readable.length === 0 || readState(state.registers.doc) === undefined) return undefined
    // What was written since hides what is missing in the same record, so the rebase itself is better, if it is still there and readable.
    const { foundation } = state
    if (foundation !== undefined && readable.every(({ hash }) => bytesEqual(hash, foundation.hash))) {
      const rebase = await readFoundation(context, state.document, foundation)
      const folded = rebase && readRebase(context.platform.signing.sha512, rebase)?.folded
      if (folded !== undefined) return folded
    }
    await context.writer.barrier()
    const docs = buildBaseDocs(context, state.document, await readStoredBase(context, state.document))
    return foldedOf(docs, knownWrites(state))
  }

  /** Judged by who could. By both clocks: a relay that lies about time must not make a device let go of anything. */
  private isSettled({ hash, sinceMs }: UnjudgedPart): boolean {
    const { offer, votes } = this.current
    const { context } = this.host
    if (offer === undefined || !bytesEqual(offer.hash, hash)) return false
    if (!hasVote(votes, 'accept') || hasVote(votes, 'reject')) return false
    const isPast = (nowMs: number, ms: number): boolean => nowMs - ms >= SNAPSHOT_KEEP_MS
    return isPast(context.now(), offer.storedAtMs) && isPast(context.platform.now(), sinceMs)
  }
}
