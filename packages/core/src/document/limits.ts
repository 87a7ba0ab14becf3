// Bounds of what a record may hold, each with its reason. An edit beyond one is refused at the call, before the document changes.

/** Record ids and field names, in bytes of UTF-8. They are part of every slot's key, so they are paid again for each edit. */
export const MAX_NAME_BYTES = 256

/** An element of a set, in bytes of UTF-8. It is part of its slots' keys, as names are; a message id of 998 bytes still fits. */
export const MAX_ELEMENT_BYTES = 1024

/** One field's value as canonical JSON in UTF-8. Larger content belongs into a text field or an attachment. */
export const MAX_FIELD_BYTES = 65_536

/** What is written to one record at once, as JSON: with names, header and padding it still travels in one entry of 256 KB. */
export const MAX_EDIT_BYTES = 2.5 * MAX_FIELD_BYTES

/** One value inside a text that is not letters, such as a picture, as JSON: letters travel in pieces, such a value in one, of 128 KB with what is around it. */
export const MAX_TEXT_VALUE_BYTES = 2 * MAX_FIELD_BYTES - 1024

/** Lists and objects inside each other. Bounds the recursion over values that came from elsewhere. */
export const MAX_VALUE_DEPTH = 64

/** Random bytes of a writer's name: 48 bits, 8 characters of base64url. */
export const WRITER_BYTES = 6
