// Finds the cards of a file: from BEGIN:VCARD to END:VCARD, each with the numbers of its lines. Knows nothing of properties,
// so that whatever is wrong inside one card cannot shift the next.

import type { ImportReport } from '../import-report'
import { MAX_CARD_BYTES, MAX_CARDS } from '../limits'

/** A line of the file as it stands, without its line end. */
export interface PhysicalLine {
  readonly number: number
  readonly text: string
}

export interface CardLines {
  readonly line: number
  /** What stands between BEGIN and END. */
  readonly lines: readonly PhysicalLine[]
}

interface OpenCard {
  readonly line: number
  readonly lines: PhysicalLine[]
  bytes: number
}

// Some phones write two carriage returns before the line feed. At most two, or a run of them would be searched again and again.
const lineEnd = /\r{0,2}\n|\r/g
const begin = /^(?:\u00ef\u00bb\u00bf)?BEGIN[ \t]*:[ \t]*VCARD[ \t]*$/i
const end = /^END[ \t]*:[ \t]*VCARD[ \t]*$/i
/** vCard 2.1 puts the card of a person's agent inside the person's card. */
const agentFollows = /^(?:[^:;]*\.)?AGENT[^:]*:[ \t]*$/i

/** The complete cards of `binary`, in the order in which they end; an agent's card before the one around it. */
export function* findCards(binary: string, report: ImportReport): Generator<CardLines> {
  const open: OpenCard[] = []
  let cards = 0
  let strayLine = 0
  for (const line of physicalLines(binary)) {
    const card = open.at(-1)
    if (begin.test(line.text)) {
      if (card && !agentFollows.test(card.lines.findLast(({ text }) => text.trim() !== '')?.text ?? '')) {
        report.refuse(
          card.line,
          'card-unterminated',
          `The card has no END:VCARD before the next card in line ${line.number}.`,
        )
        open.pop()
      }
      open.push({ line: line.number, lines: [], bytes: 0 })
    } else if (!card) {
      if (strayLine === 0 && line.text.trim() !== '') strayLine = line.number
    } else if (end.test(line.text)) {
      open.pop()
      if (card.bytes > MAX_CARD_BYTES) {
        report.refuse(card.line, 'card-too-large', `The card is larger than ${MAX_CARD_BYTES} bytes.`)
      } else if (++cards > MAX_CARDS) {
        report.refuse(
          card.line,
          'too-many-cards',
          `The file has more than ${MAX_CARDS} cards; import the rest from a second file.`,
        )
        return
      } else yield card
    } else {
      card.bytes += line.text.length
      if (card.bytes <= MAX_CARD_BYTES) card.lines.push(line)
    }
  }
  for (const card of open) {
    report.refuse(card.line, 'card-unterminated', 'The card has no END:VCARD; the file may be cut off.')
  }
  if (cards === 0 && report.refused.length === 0) {
    report.refuse(1, 'no-card', 'The file holds no vCard: no line says BEGIN:VCARD.')
  } else if (strayLine > 0) {
    report.leaveOut(
      strayLine,
      '',
      'outside-card',
      'Lines that stand outside of BEGIN:VCARD and END:VCARD were not read.',
    )
  }
}

function* physicalLines(binary: string): Generator<PhysicalLine> {
  let number = 0
  let start = 0
  for (const found of binary.matchAll(lineEnd)) {
    yield { number: ++number, text: binary.slice(start, found.index) }
    start = found.index + found[0].length
  }
  if (start < binary.length) yield { number: number + 1, text: binary.slice(start) }
}
