// The records of one document. See registers.ts for how the parts hang together.
export type { Fields, JsonValue } from './json'
export { MAX_FIELD_BYTES, MAX_NAME_BYTES } from './limits'
export { checkFieldName, checkRecordId, createWriter, isWriter, type Writer } from './names'
export type { SlotOperation } from './operation'
export { decodeOperations, encodeOperations } from './operation-codec'
export { checkEdit, type Edit, type FieldChanges } from './plan'
export type { Candidate, FieldCandidate } from './record'
export type { FieldConflict } from './register-index'
export {
  type DeleteMark,
  type InspectedField,
  type InspectedRecord,
  openRegisters,
  Registers,
  type RegistersOptions,
  type RewriteOptions,
  type Transaction,
} from './registers'
