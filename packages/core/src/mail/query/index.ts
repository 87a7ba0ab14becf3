// Finding records.
export { type ContactEntry, type ContactIndex, type ContactSource, indexContacts } from './contact-index'
export { foldText } from './fold-text'
export { createIndex, type FollowingIndex } from './follow'
export type { IndexOptions, RecordSource } from './record-index'
export { sameContacts } from './same-contacts'
