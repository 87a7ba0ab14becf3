// What an import did not take, and why. Nothing a file says disappears without one of these.
import { MAX_NOTICES } from './limits'

/** Why a whole card or row, or the file, was not imported. */
export type RefusalCode =
  | 'no-card'
  | 'file-too-large'
  | 'too-many-cards'
  | 'card-too-large'
  | 'card-unterminated'
  | 'card-empty'
  | 'card-unreadable'
  | 'file-compressed'
  | 'no-known-column'
  | 'too-many-rows'
  | 'row-quote-lost'
  | 'row-too-large'
  | 'row-misaligned'
  | 'row-empty'

/** A card or row that was not imported. Those before and after it were. */
export interface RefusedEntry {
  /** The line of the file on which it begins, counted from 1. */
  readonly line: number
  readonly code: RefusalCode
  /** A sentence for the person who imports. */
  readonly reason: string
}

/** Why a part of an imported card or row is missing or differs from the file. */
export type LeftOutCode =
  | 'photo'
  | 'binary'
  | 'line-unreadable'
  | 'outside-card'
  | 'unknown-charset'
  | 'field-too-large'
  | 'extra-too-large'
  | 'too-many-notices'
  | 'text-differs'

/** A part of a card or row that is not in its contact, or was changed to get in. */
export interface LeftOut {
  readonly line: number
  /** The vCard property in capitals, or the column; empty when the line has none. */
  readonly property: string
  readonly code: LeftOutCode
  readonly reason: string
}

/** Collects what was refused and left out, up to a bound. */
export class ImportReport {
  readonly refused: RefusedEntry[] = []
  readonly leftOut: LeftOut[] = []
  #unlisted = 0

  refuse(line: number, code: RefusalCode, reason: string): void {
    if (this.refused.length < MAX_NOTICES) this.refused.push({ line, code, reason })
    else this.#unlisted++
  }

  leaveOut(line: number, property: string, code: LeftOutCode, reason: string): void {
    if (this.leftOut.length < MAX_NOTICES) this.leftOut.push({ line, property, code, reason })
    else this.#unlisted++
  }

  /** Says how many notices were not listed, so that the bound itself is not silent. Called once, at the end. */
  close(): void {
    if (this.#unlisted === 0) return
    const reason = `${this.#unlisted} more lines of this file were refused or left out.`
    this.leftOut.push({ line: 1, property: '', code: 'too-many-notices', reason })
  }
}
