// Subpath '@owlivion/sync/transfer': what comes into an account from files and goes out of it into files. A subpath of its own, so that an
// app loads it when somebody imports or exports.

export type { ImportOptions, SliceOptions } from '../slices'
export {
  type AccountPreview,
  applyAccountImport,
  type BesideFields,
  type CollectionPreview,
  type ExportedAccount,
  type ExportOptions,
  exportAccount,
  type ImportedText,
  previewAccountImport,
  type TransferAccount,
  type TransferCollection,
} from './account'
export type { TransferType } from './account-file'
export { applyImport, previewImport, type ReadContacts } from './contacts'
export type { ChangedRecord, FieldChange, ImportPreview, ImportRefusal, NewRecord, TransferRefusal } from './preview'
export type { ImportPoint, ImportResult, ImportTarget } from './write'
