// Subpath '@owlivion/sync/mail': the data types of a mail client, their schemas and the ids of their records. Reading vCard files is a subpath of its
// own, so that an app that does not import cards does not carry a parser.
export {
  type Authentication,
  accountKey,
  type ConnectionSecurity,
  defaultAccount,
  type IncomingServer,
  type MailAccount,
  type OutgoingServer,
} from './account'
export {
  type Contact,
  type ContactPhoto,
  contactKey,
  type ExtraProperty,
  type LabelledValue,
  type PostalAddress,
  type StructuredName,
} from './contact'
export type { DraftAttachment, MailDraft, Recipient } from './draft'
export type { FilterAction, FilterCondition, MailFilter } from './filter'
export type { MailIdentity } from './identity'
export { type JoinTarget, joinContacts } from './join-contacts'
export type { MailLabel } from './label'
export { MAX_PHOTO_BYTES } from './limits'
export type { MailType } from './mail-type'
export { mailTypes } from './mail-types'
export { contactsByKey, mergeContacts } from './merge-contacts'
export {
  type ChosenPreferences,
  changePreferences,
  type PreferenceChanges,
  type Preferences,
  type PreferencesSource,
  type PreferencesTarget,
  preferenceChoices,
  preferenceDefaults,
  preferencesOf,
} from './preferences'
export {
  type ContactEntry,
  type ContactIndex,
  type ContactSource,
  createIndex,
  type FollowingIndex,
  foldText,
  type IndexOptions,
  indexContacts,
  type RecordSource,
  sameContacts,
} from './query'
export type { SavedSearch, SearchFilters } from './saved-search'
export type { RecordSchema } from './schema'
export type { MailSignature } from './signature'
export type { MailTemplate } from './template'
export { isTrustedSender, type TrustedSender } from './trusted-sender'
