// The records of one document. See registers.ts for how the parts hang together.
export { type CarriedRecord, carryingOperations, sizeOfCarried } from './carry'
export { isWorthFolding, MIN_DEAD_STRUCTS, structsOf, weigh } from './dead-weight'
export { describeOperation, type RecordChange, type TextChange } from './describe'
export { digestRegisters, digestRoots } from './digest'
export type { InspectedRecord } from './inspect'
export { joinStates, type KnownState, leftOut, vanished, withAll } from './join-states'
export { type Fields, isSameValue, type JsonValue } from './json'
export { MAX_EDIT_BYTES, MAX_FIELD_BYTES } from './limits'
export { createWriter, type Writer } from './names'
export { isPurge } from './operation'
export { decodeOperations, encodeOperations } from './operation-codec'
export { checkEdit, type Edit } from './plan'
export { Rebinding } from './rebind'
export { type Candidate, candidatesOf, type FieldCandidate, type RecordSlots, registerNames } from './record'
export { changeBetween, purgedChanges, type RecordChanges, takeBack, withChange } from './record-changes'
export {
  type CountDifference,
  differenceBetween,
  type FieldDifference,
  type RecordDifference,
} from './record-difference'
export { digestState, foldState, readState } from './register-state'
export {
  type BesideNames,
  openRegisters,
  type Registers,
  type Transaction,
  type WriterEnd,
} from './registers'
export { hasRow, isPurged, purgesSince, revivingOperations, unseenByPurges } from './revive'
export type { Dot } from './slot'
export {
  checkContent,
  contentOf,
  contentToText,
  fitsText,
  runsOf,
  type TextAttributes,
  type TextContent,
  type TextElement,
  type TextLetters,
  type TextNode,
  type TextRun,
} from './text-content'
export { insertContent, mergeContent } from './text-merge'
