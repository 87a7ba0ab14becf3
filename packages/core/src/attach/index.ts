// An app's own Y.Doc as a document of the account.
export {
  type AttachedEvents,
  AttachedProvider,
  type AttachedStatus,
  type AttachOptions,
} from './attached-provider'
