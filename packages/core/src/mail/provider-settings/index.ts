// Subpath '@owlivion/sync/provider-settings': what a mail provider says of its servers, in the public autoconfiguration format, as an account without
// secrets. It carries a parser of XML.
import { XMLParser } from 'fast-xml-parser'
import { SyncError } from '../../errors'
import type { Authentication, ConnectionSecurity, IncomingServer, MailAccount, OutgoingServer } from '../account'
import { mailTypes } from '../mail-types'

/** Whose account it is to be. */
export interface AccountOwner {
  readonly email: string
  /** The name that stands before the address. Default: the address. */
  readonly displayName?: string
}

/** The largest real file has 8 KB. */
const MAX_CHARACTERS = 262_144
const HTTPS_PORT = 443

/** A list, also of one. */
const repeated = new Set(['incomingServer', 'outgoingServer', 'authentication'])
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  // Ports and names stay text: a provider called `163.com` or `1und1.de` is no number.
  parseTagValue: false,
  isArray: (name) => repeated.has(name),
})

/**
 * The account that a provider's settings describe (Mozilla's autoconfiguration, `config-v1.1.xml`): the first server of each kind, the others as
 * alternatives, with the owner's address in the user names. A server that this version does not know is left out. Nothing in it is a secret.
 * @throws SyncError `invalid-value` for what is no such file, and for an address that is none
 *
 * @example
 * import { accountFromProviderSettings } from '@owlivion/sync/provider-settings'
 * const xml = await (await fetch('https://autoconfig.example.com/mail/config-v1.1.xml')).text()
 * const accounts = await sync.open(mailTypes.accounts)
 * const account = accountFromProviderSettings(xml, { email: 'ann@example.com', displayName: 'Ann Lee' })
 * await accounts.add(mailTypes.accounts.key(account), account)
 */
export function accountFromProviderSettings(xml: string, { email, displayName = email }: AccountOwner): MailAccount {
  const provider = providerIn(xml)
  const at = email.lastIndexOf('@')
  const owner = { email, local: email.slice(0, at), domain: email.slice(at + 1) }
  const servers = (kind: string) =>
    elements(provider[kind]).flatMap((each) => {
      const server = readServer(each, owner)
      return server !== undefined && isServer(kind, server) ? [server] : []
    })
  const [incoming, ...incomingAlternatives] = servers('incomingServer') as IncomingServer[]
  const [outgoing, ...outgoingAlternatives] = servers('outgoingServer') as OutgoingServer[]
  const account: MailAccount = {
    email,
    displayName,
    ...(incoming && { incoming }),
    ...(outgoing && { outgoing }),
    ...(incomingAlternatives.length > 0 && { incomingAlternatives }),
    ...(outgoingAlternatives.length > 0 && { outgoingAlternatives }),
  }
  const [issue] = issuesOf(account)
  if (issue !== undefined) throw refusal(`The settings give no account: ${issue}.`)
  return account
}

type Element = Readonly<Record<string, unknown>>

function providerIn(xml: string): Element {
  if (xml.length > MAX_CHARACTERS) throw refusal(`The settings are longer than ${MAX_CHARACTERS} characters.`)
  // Entities of one's own are how a small file becomes a large one.
  if (/<!DOCTYPE/i.test(xml)) throw refusal('The settings have a document type of their own.')
  let config: unknown
  try {
    config = parser.parse(xml)
  } catch (cause) {
    throw new SyncError('invalid-value', 'The settings are no XML.', { cause })
  }
  const [provider] = elements(element(element(config)?.clientConfig)?.emailProvider)
  if (provider === undefined) throw refusal('The settings name no provider.')
  return provider
}

function element(value: unknown): Element | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Element) : undefined
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}

function elements(value: unknown): Element[] {
  return listOf(value)
    .map(element)
    .filter((each) => each !== undefined)
}

const securityBySocketType: Readonly<Record<string, ConnectionSecurity>> = {
  SSL: 'tls',
  STARTTLS: 'starttls',
  plain: 'none',
}

interface Owner {
  readonly email: string
  readonly local: string
  readonly domain: string
}

function readServer(server: Element, owner: Owner): object | undefined {
  const url = text(server.url) ?? text(server.ewsURL)
  const host = text(server.hostname) ?? (url !== undefined && URL.canParse(url) ? new URL(url).hostname : undefined)
  const security = securityBySocketType[text(server.socketType) ?? 'SSL']
  if (host === undefined || security === undefined) return undefined
  const username = text(server.username)
  return {
    protocol: text(server['@type']),
    host: filledIn(host, owner),
    port: Number(text(server.port) ?? HTTPS_PORT),
    security,
    ...(username !== undefined && { username: filledIn(username, owner) }),
    authentication: listOf(server.authentication).flatMap((each) => text(each) ?? []) as readonly Authentication[],
    ...(url !== undefined && { url }),
  }
}

function text(value: unknown): string | undefined {
  // An element with attributes has its text beside them.
  const content = element(value)?.['#text'] ?? value
  return typeof content === 'string' && content.trim() !== '' ? content.trim() : undefined
}

/** Fills in the places of a pattern. One of the real files forgets the closing sign. */
function filledIn(pattern: string, { email, local, domain }: Owner): string {
  return pattern
    .replaceAll(/%EMAILADDRESS%?/g, () => email)
    .replaceAll('%EMAILLOCALPART%', () => local)
    .replaceAll('%EMAILDOMAIN%', () => domain)
}

/** One of a kind and with words that this version knows. */
function isServer(kind: string, server: object): boolean {
  const field = kind === 'incomingServer' ? 'incoming' : 'outgoing'
  return issuesOf({ email: 'a@example.com', displayName: '', [field]: server }).length === 0
}

function issuesOf(account: object): string[] {
  const result = mailTypes.accounts.schema['~standard'].validate(account)
  const issues = 'issues' in result ? (result.issues ?? []) : []
  return issues.map(({ path, message }) => `${path?.map(String).join('.') ?? ''}: ${message}`)
}

function refusal(message: string): SyncError {
  return new SyncError('invalid-value', message)
}
