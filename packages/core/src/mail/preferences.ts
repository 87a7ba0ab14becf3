// What a person has chosen in the settings of the client: one record. Only what was chosen is written; everything else answers with its
// default, so that a default can change in a later version and reaches those who never decided.
import type { MailType } from './mail-type'
import { type Check, type Checks, flag, integer, object, oneOf, optional, schemaOf } from './schema'

/** Every setting, as it is in force. The predecessor's 25th, an API key, is a secret and is refused. */
export type Preferences = {
  readonly theme: 'dark' | 'light' | 'system'
  readonly language: 'tr' | 'en'
  readonly notificationsEnabled: boolean
  readonly notificationSound: boolean
  readonly notificationBadge: boolean
  readonly notificationSoundType:
    | 'gentle'
    | 'pop'
    | 'chime'
    | 'ding'
    | 'subtle'
    | 'system'
    | 'owlivion'
    | 'whisper'
    | 'call'
    | 'moonlight'
  readonly autoMarkRead: boolean
  /** Seconds, 0 to 3600. */
  readonly autoMarkReadDelay: number
  readonly confirmDelete: boolean
  readonly confirmSend: boolean
  readonly signaturePosition: 'top' | 'bottom'
  readonly replyPosition: 'top' | 'bottom'
  readonly aiAutoSummarize: boolean
  readonly aiReplyTone: 'professional' | 'friendly' | 'formal' | 'casual'
  readonly keyboardShortcutsEnabled: boolean
  readonly compactListView: boolean
  readonly showAvatars: boolean
  readonly conversationView: boolean
  readonly closeToTray: boolean
  readonly autoPhishingDetection: boolean
  readonly autoSyncEnabled: boolean
  /** Minutes, 1 to 60. */
  readonly autoSyncInterval: number
  /** True for each account that has priority, by record id. Kept as a set, so that what devices choose for two accounts does not meet. */
  readonly accountPrioritySettings: { readonly [account: string]: boolean }
  readonly unifiedInboxSortBy: 'date' | 'account' | 'unread' | 'priority'
}

/** The fields of the record: what somebody has chosen. The accounts with priority are its set `priorityAccounts`. */
export type ChosenPreferences = { readonly [K in keyof Omit<Preferences, 'accountPrioritySettings'>]?: Preferences[K] }

/** What is in force as long as nobody has chosen. */
export const preferenceDefaults: Required<ChosenPreferences> = {
  theme: 'dark',
  language: 'tr',
  notificationsEnabled: true,
  notificationSound: true,
  notificationBadge: true,
  notificationSoundType: 'call',
  autoMarkRead: true,
  autoMarkReadDelay: 3,
  confirmDelete: true,
  confirmSend: false,
  signaturePosition: 'bottom',
  replyPosition: 'top',
  aiAutoSummarize: false,
  aiReplyTone: 'professional',
  keyboardShortcutsEnabled: true,
  compactListView: false,
  showAvatars: true,
  conversationView: true,
  closeToTray: true,
  autoPhishingDetection: true,
  autoSyncEnabled: false,
  autoSyncInterval: 5,
  unifiedInboxSortBy: 'priority',
}

/** The words that a setting of several may have, in the order in which a client offers them. */
export const preferenceChoices = {
  theme: ['dark', 'light', 'system'],
  language: ['tr', 'en'],
  notificationSoundType: [
    'gentle',
    'pop',
    'chime',
    'ding',
    'subtle',
    'system',
    'owlivion',
    'whisper',
    'call',
    'moonlight',
  ],
  signaturePosition: ['top', 'bottom'],
  replyPosition: ['top', 'bottom'],
  aiReplyTone: ['professional', 'friendly', 'formal', 'casual'],
  unifiedInboxSortBy: ['date', 'account', 'unread', 'priority'],
} as const satisfies { readonly [K in keyof ChosenPreferences]?: readonly Preferences[K][] }

const choices = preferenceChoices
const checks: { readonly [K in keyof ChosenPreferences]-?: Check<Required<ChosenPreferences>[K]> } = {
  theme: oneOf(choices.theme),
  language: oneOf(choices.language),
  notificationsEnabled: flag,
  notificationSound: flag,
  notificationBadge: flag,
  notificationSoundType: oneOf(choices.notificationSoundType),
  autoMarkRead: flag,
  autoMarkReadDelay: integer(0, 3_600),
  confirmDelete: flag,
  confirmSend: flag,
  signaturePosition: oneOf(choices.signaturePosition),
  replyPosition: oneOf(choices.replyPosition),
  aiAutoSummarize: flag,
  aiReplyTone: oneOf(choices.aiReplyTone),
  keyboardShortcutsEnabled: flag,
  compactListView: flag,
  showAvatars: flag,
  conversationView: flag,
  closeToTray: flag,
  autoPhishingDetection: flag,
  autoSyncEnabled: flag,
  autoSyncInterval: integer(1, 60),
  unifiedInboxSortBy: oneOf(choices.unifiedInboxSortBy),
}
const checkByName = Object.entries<Check<unknown>>(checks)

const RECORD = 'preferences'
const PRIORITY = 'priorityAccounts'

/** Settings: one record, whose id is `preferences`. */
export const preferences: MailType<ChosenPreferences> = {
  name: 'preferences',
  schema: schemaOf(
    object<ChosenPreferences>(
      Object.fromEntries(
        checkByName.map(([name, check]) => [name, optional(check)]),
      ) as unknown as Checks<ChosenPreferences>,
    ),
  ),
  counters: [],
  sets: [PRIORITY],
  latestWins: [],
  key: () => RECORD,
}

/** Of a collection what reading settings needs. */
export interface PreferencesSource {
  get(id: string): object | undefined
  set(id: string, field: string): readonly string[]
}

/** Of a collection what changing settings needs. */
export interface PreferencesTarget extends PreferencesSource {
  has(id: string): boolean
  add(id: string, fields: ChosenPreferences): Promise<void>
  update(id: string, fields: PreferenceChanges): Promise<void>
  addToSet(id: string, field: string, ...elements: readonly string[]): Promise<void>
  removeFromSet(id: string, field: string, ...elements: readonly string[]): Promise<void>
}

/** Fields to write; `undefined` clears one. */
export type PreferenceChanges = { readonly [K in keyof ChosenPreferences]?: ChosenPreferences[K] | undefined }

/**
 * The settings in force: what was chosen, else the default. A word that this version does not know, chosen in a newer one, is read as the
 * default and stays what it is in the record.
 * @param collection the collection of preferences
 *
 * @example
 * preferencesOf({ get: () => ({ theme: 'light' }), set: () => [] }).theme // 'light'
 */
export function preferencesOf(collection: PreferencesSource): Preferences {
  const chosen = (collection.get(RECORD) ?? {}) as Readonly<Record<string, unknown>>
  const known = checkByName.filter(([name, check]) => {
    const issues: never[] = []
    if (!Object.hasOwn(chosen, name)) return false
    check(chosen[name], [], issues)
    return issues.length === 0
  })
  return {
    ...preferenceDefaults,
    ...Object.fromEntries(known.map(([name]) => [name, chosen[name]])),
    accountPrioritySettings: Object.fromEntries(collection.set(RECORD, PRIORITY).map((account) => [account, true])),
  }
}

/**
 * Writes settings, and nothing but those named; `undefined` goes back to the default. Of `accountPrioritySettings` only the accounts that are
 * named change.
 * @param collection the collection of preferences
 * @throws as `collection.update`
 *
 * @example
 * const preferences = await sync.open(mailTypes.preferences)
 * await changePreferences(preferences, { theme: 'light', accountPrioritySettings: { 'ann@example.com': true } })
 */
export async function changePreferences(
  collection: PreferencesTarget,
  changes: { readonly [K in keyof Preferences]?: Preferences[K] | undefined },
): Promise<void> {
  const { accountPrioritySettings = {}, ...fields } = changes
  const accounts = Object.entries(accountPrioritySettings)
  const added = accounts.filter(([, hasPriority]) => hasPriority).map(([account]) => account)
  const removed = accounts.filter(([, hasPriority]) => !hasPriority).map(([account]) => account)
  // All are applied before the first of them is on disk.
  const writes = [
    collection.has(RECORD)
      ? collection.update(RECORD, fields)
      : collection.add(RECORD, Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))),
  ]
  if (added.length > 0) writes.push(collection.addToSet(RECORD, PRIORITY, ...added))
  if (removed.length > 0) writes.push(collection.removeFromSet(RECORD, PRIORITY, ...removed))
  await Promise.all(writes)
}
