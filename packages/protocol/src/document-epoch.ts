// A document epoch begins with a rebase and says of every entry which Yjs items it rests on. Two relays that part may each see a rebase of the
// same log, and the two have no item in common. So an epoch has no number that another rebase could have: it counts the rebases, and beside the
// count stands what its author drew. Of two rebases with one count the greater is the later one, on every device.

/** What is drawn for one rebase has 32 bits: two of the same count are equal once in four thousand million. */
const DRAWN_RANGE = 2 ** 32

/**
 * The epoch that a rebase begins.
 * @param before that of the document until then, 0 for one that was never rebased
 * @param drawn 32 random bits
 */
export function nextDocumentEpoch(before: number, drawn: number): number {
  return (countRebases(before) + 1) * DRAWN_RANGE + drawn
}

/** How often a document of this epoch was rebased. */
export function countRebases(documentEpoch: number): number {
  return Math.floor(documentEpoch / DRAWN_RANGE)
}
