// One full record of every data type: each optional field is there.
import type {
  ChosenPreferences,
  Contact,
  MailAccount,
  MailDraft,
  MailFilter,
  MailIdentity,
  MailLabel,
  MailSignature,
  MailTemplate,
  SavedSearch,
  TrustedSender,
} from '@owlivion/sync/mail'

const imap = {
  protocol: 'imap',
  host: 'imap.example.com',
  port: 993,
  security: 'tls',
  username: 'ann',
  authentication: ['OAuth2', 'password-cleartext'],
  url: 'https://mail.example.com',
} as const
const smtp = { ...imap, protocol: 'smtp', host: 'smtp.example.com', port: 587, security: 'starttls' } as const

const account: Required<MailAccount> = {
  email: 'ann@example.com',
  displayName: 'Ann Lee',
  incoming: imap,
  outgoing: smtp,
  incomingAlternatives: [{ ...imap, protocol: 'pop3', port: 995 }],
  outgoingAlternatives: [{ ...smtp, port: 465, security: 'tls' }],
  defaultSignature: 'signature:1',
  syncDays: 30,
  isDefault: true,
  isActive: true,
  inboxFolder: 'INBOX',
  sentFolder: 'Gesendet',
  draftsFolder: 'Entwürfe',
  archiveFolder: 'Archiv',
  junkFolder: 'Spam',
  trashFolder: 'Papierkorb',
  oauthProvider: 'gmail',
}

const contact: Required<Contact> = {
  name: 'Dr. Ann Lee',
  structuredName: { prefix: 'Dr.', given: 'Ann', additional: 'B.', family: 'Lee', suffix: 'Jr.' },
  nicknames: ['Annie'],
  emails: [{ value: 'ann@example.com', label: 'work', preferred: true }, { value: 'ann@home.example' }],
  phones: [{ value: '+49 1', label: 'home fax' }],
  addresses: [
    {
      label: 'home',
      preferred: true,
      poBox: '1',
      extended: '2nd floor',
      street: 'Street 1',
      city: 'Ankara',
      region: 'Çankaya',
      postalCode: '06000',
      country: 'Türkiye',
      formatted: 'Street 1\nAnkara',
    },
  ],
  organisation: 'Acme',
  department: 'Sales, North',
  title: 'Chief',
  notes: 'tall',
  birthday: '--12-31',
  urls: [{ value: 'https://ann.example' }],
  groups: ['Friends'],
  favourite: true,
  photo: { type: 'image/png', data: 'iVBORw0KGgo=' },
  lastUsedAt: 1_700_000_000_000,
  extra: [['X-SHOE-SIZE', '38']],
}

const preferences: Required<ChosenPreferences> = {
  theme: 'light',
  language: 'en',
  notificationsEnabled: false,
  notificationSound: false,
  notificationBadge: false,
  notificationSoundType: 'owlivion',
  autoMarkRead: false,
  autoMarkReadDelay: 0,
  confirmDelete: false,
  confirmSend: true,
  signaturePosition: 'top',
  replyPosition: 'bottom',
  aiAutoSummarize: true,
  aiReplyTone: 'casual',
  keyboardShortcutsEnabled: false,
  compactListView: true,
  showAvatars: false,
  conversationView: false,
  closeToTray: false,
  autoPhishingDetection: false,
  autoSyncEnabled: true,
  autoSyncInterval: 60,
  unifiedInboxSortBy: 'unread',
}

const signature: Required<MailSignature> = { account: 'ann@example.com', name: 'Short', html: '<p>Ann</p>' }

const filter: Required<MailFilter> = {
  name: 'News',
  description: 'what nobody asked for',
  account: 'ann@example.com',
  isEnabled: false,
  priority: -3,
  match: 'any',
  conditions: [
    { field: 'from', operator: 'ends_with', value: '@news.example' },
    { field: 'has_attachment', operator: 'equals', value: 'true' },
  ],
  actions: [
    { type: 'move_to_folder', folder: 'News/2026' },
    { type: 'add_label', label: 'urgent' },
    { type: 'mark_as_read' },
    { type: 'mark_as_starred' },
    { type: 'mark_as_spam' },
    { type: 'delete' },
    { type: 'archive' },
  ],
  lastMatchedAt: 1_700_000_000_000,
}

const template: Required<MailTemplate> = {
  name: 'Reminder',
  description: 'the first one',
  account: 'ann@example.com',
  category: 'customer_support',
  subject: 'Invoice {{date}}',
  bodyHtml: '<p>Dear {{recipient_name}}</p>',
  bodyText: 'Dear {{recipient_name}}',
  isEnabled: true,
  favourite: false,
  lastUsedAt: 0,
}

const label: Required<MailLabel> = { name: 'Urgent', colour: '#D03030', position: 1 }

const identity: Required<MailIdentity> = {
  account: 'ann@example.com',
  email: 'sales@example.com',
  name: 'Sales',
  replyTo: 'orders@example.com',
  bcc: 'archive@example.com',
  organisation: 'Acme',
  signature: 'signature:1',
}

const trustedSender: TrustedSender = { email: 'bob@example.com', trustedAt: 1_700_000_000_000 }

const savedSearch: Required<SavedSearch> = {
  name: 'Invoices',
  filters: {
    query: 'invoice',
    from: 'bob',
    to: 'ann',
    subject: 'pay',
    account: 'ann@example.com',
    folder: 'INBOX',
    label: 'urgent',
    hasAttachment: true,
    isRead: false,
    isStarred: true,
    dateFrom: '2026-01-01',
    dateTo: '2026-01-31',
  },
  lastUsedAt: 1_700_000_000_000,
}

const draft: Required<MailDraft> = {
  account: 'ann@example.com',
  identity: 'identity:1',
  composeType: 'reply_all',
  to: [{ email: 'bob@example.com', name: 'Bob' }],
  cc: [{ email: 'not finished' }],
  bcc: [],
  subject: 'Re: Lunch',
  bodyText: 'Yes',
  bodyHtml: '<p>Yes</p>',
  inReplyTo: '<1@example.com>',
  forwardOf: '<2@example.com>',
  attachments: [{ filename: 'menu.pdf', contentType: 'application/pdf', sizeBytes: 0 }],
}

/** By the name of the data type. */
export const samples = {
  accounts: account,
  contacts: contact,
  preferences,
  signatures: signature,
  filters: filter,
  templates: template,
  labels: label,
  identities: identity,
  trustedSenders: trustedSender,
  savedSearches: savedSearch,
  drafts: draft,
}
