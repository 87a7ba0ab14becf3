// What was done to a record, and what of that has been replaced: the operations that the oracle works from.
import type { JsonValue } from '../document'

/**
 * What an edit turned out to do, given what its author saw.
 * - `create` replaces everything seen in the record.
 * - `purge` is a delete that replaces everything seen in the record, counts too.
 * - `write` replaces the seen values of its fields, and seen deletes.
 * - `delete` replaces seen deletes and hides what is earlier.
 * - `restore` replaces seen deletes and what its own writer had created or restored, and asserts the winners anew; of the replaced
 *   values those that differ from the winner are asserted again with their old time.
 * - `increment` replaces nothing. It counts in one life of the record: from a creation to the next one that has seen it.
 *
 * Set elements are written as fields are, under their `memberName`.
 */
export type OracleEffect =
  | { readonly kind: 'create' | 'write' | 'purge'; readonly fields: ReadonlyMap<string, JsonValue | undefined> }
  | { readonly kind: 'delete' }
  | {
      readonly kind: 'restore'
      readonly fields: ReadonlyMap<string, JsonValue | undefined>
      /** Ids of the creations and restores of the same writer that it stands in for. */
      readonly replaced: ReadonlySet<string>
    }
  | {
      readonly kind: 'increment'
      readonly field: string
      readonly by: number
      /** Id of the creation or restore that began the life. */
      readonly life: string
    }

/** An edit that was carried out, with everything that its writer had seen. */
export interface OracleOperation {
  /** Unique among all operations. */
  readonly id: string
  /** Who wrote it, as the registers under test name writers: it breaks ties of time. */
  readonly writer: string
  /** Milliseconds, as the registers under test chose it. */
  readonly t: number
  /** Ids of all operations that the device had when it wrote this one; closed under what those had seen. */
  readonly seen: ReadonlySet<string>
  readonly record: string
  readonly effect: OracleEffect
}

/**
 * What an edit replaces of what it had seen: all of it, or what was standing then. Both are the same, as long as a device has everything that the
 * edits it has had seen. It does not when a removed device's edits are dropped from under later ones: what these dropped edits had replaced, and nobody
 * replaced after them, may then stand again, or not: between the two lies what registers may show.
 */
export type Replacing = 'seen' | 'standing'

/** What was done to one record. */
export interface History {
  readonly seen: readonly OracleOperation[]
  /** What the device does not have, or not any more, where that may undo a replacement. */
  readonly unseen: readonly OracleOperation[]
}

export function isDelete({ effect }: OracleOperation): boolean {
  return effect.kind === 'delete' || effect.kind === 'purge'
}

export function isBirth({ effect }: OracleOperation): boolean {
  return effect.kind === 'create' || effect.kind === 'restore'
}

/** Deletes that nothing has replaced. */
export function deletesIn(history: History): OracleOperation[] {
  const isLifting = ({ effect }: OracleOperation): boolean => effect.kind !== 'increment'
  return history.seen.filter((each) => isDelete(each) && !isReplaced(each.id, isLifting, history))
}

/** Creations and restores that nothing has replaced: what the record is made of. */
export function birthsIn(history: History): OracleOperation[] {
  return history.seen.filter((each) => {
    const isEnding = ({ effect }: OracleOperation): boolean =>
      effect.kind === 'create' || effect.kind === 'purge' || (effect.kind === 'restore' && effect.replaced.has(each.id))
    return isBirth(each) && !isReplaced(each.id, isEnding, history)
  })
}

/**
 * Whether something replaced the target, and nothing that is not there any more had replaced it before.
 *
 * @param isReplacer of operations that had seen the target
 */
export function isReplaced(target: string, isReplacer: (later: OracleOperation) => boolean, history: History): boolean {
  const replacersIn = (operations: readonly OracleOperation[]): OracleOperation[] =>
    operations.filter((each) => each.seen.has(target) && isReplacer(each))
  const dropped = replacersIn(history.unseen)
  return replacersIn(history.seen).some(({ seen }) => !dropped.some(({ id }) => seen.has(id)))
}
