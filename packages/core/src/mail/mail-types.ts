// All data types of a mail client.
import { accounts } from './account'
import { contacts } from './contact'
import { drafts } from './draft'
import { filters } from './filter'
import { identities } from './identity'
import { labels } from './label'
import { preferences } from './preferences'
import { savedSearches } from './saved-search'
import { signatures } from './signature'
import { templates } from './template'
import { trustedSenders } from './trusted-sender'

/**
 * Every data type by the name of its collection.
 *
 * @example
 * const filters = await sync.open(mailTypes.filters)
 */
export const mailTypes = {
  accounts,
  contacts,
  preferences,
  signatures,
  filters,
  templates,
  labels,
  identities,
  trustedSenders,
  savedSearches,
  drafts,
} as const
