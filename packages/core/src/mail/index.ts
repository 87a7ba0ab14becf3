// Subpath '@owlivion/sync/mail': the shapes of mail data and the ids of its records. Reading vCard files is a subpath of its
// own, so that an app that does not import cards does not carry a parser.
export {
  type Authentication,
  accountKey,
  type ConnectionSecurity,
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
export { contactsByKey, mergeContacts } from './merge-contacts'
