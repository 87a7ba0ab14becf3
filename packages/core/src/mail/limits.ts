// Bounds of mail records and of what is read into them, each with its reason.

/** One field of a record as JSON. The engine refuses larger ones, so an import has to stay below it. */
export const MAX_FIELD_BYTES = 65_536

/** A photo that a contact holds, before base64: with that and its type it stays below one field. */
export const MAX_PHOTO_BYTES = 48_000

/** One vCard file. A book of 100,000 people without photos is about 40 MB; beyond this a browser tab would run out of memory. */
export const MAX_FILE_BYTES = 134_217_728

/** One card with its photo. Cameras write photos of up to about 10 MB, a third more in base64. */
export const MAX_CARD_BYTES = 16_777_216

/** Cards in one file; ten times the largest address book that the engine is measured with. */
export const MAX_CARDS = 100_000

/** Properties without a field of their own that one contact keeps, and the length of one. Enough for every known program's own ones. */
export const MAX_EXTRA_PROPERTIES = 200
export const MAX_EXTRA_BYTES = 16_384

/** Notices about one file. A file of noise would otherwise answer with more notices than it has bytes. */
export const MAX_NOTICES = 10_000

/** One row of a CSV file, in characters. Every cell at the bound of a field would be less. */
export const MAX_ROW_LENGTH = 1_048_576
