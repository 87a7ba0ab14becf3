// Senders whose mails may load pictures and are not warned about.
import { SyncError } from '../errors'
import { mailAddress } from './address'
import type { MailType } from './mail-type'
import { emailId } from './record-id'
import { integer, object, optional, schemaOf, textLike, where } from './schema'

/**
 * A person or a whole domain that is trusted: one of `email` and `domain` is there. Its record id is the address or the domain, normalised.
 *
 * @example
 * const bank: TrustedSender = { domain: 'bank.example', trustedAt: 1_700_000_000_000 }
 */
export type TrustedSender = {
  readonly email?: string
  readonly domain?: string
  /** When that was decided, in milliseconds since 1970. */
  readonly trustedAt?: number
}

const domainName = textLike((domain) => /^@?[^\s@]+$/.test(domain.trim()) && domainId(domain) !== undefined, 'a domain')

/** Trusted senders. */
export const trustedSenders: MailType<TrustedSender> = {
  name: 'trustedSenders',
  schema: schemaOf(
    where(
      object<TrustedSender>({
        email: optional(mailAddress),
        domain: optional(domainName),
        trustedAt: optional(integer(0, Number.MAX_SAFE_INTEGER)),
      }),
      ({ email, domain }) =>
        (email === undefined) === (domain === undefined)
          ? 'either an e-mail address or a domain is expected'
          : undefined,
    ),
  ),
  counters: [],
  sets: [],
  latestWins: ['trustedAt'],
  key({ email, domain }) {
    const id = email === undefined ? domainId(domain ?? '') : emailId(email)
    if (id === undefined)
      throw new SyncError('invalid-id', 'The address or domain of the sender cannot serve as its id.')
    return id
  },
}

/**
 * True when this address or its domain is trusted. A domain does not vouch for the domains below it: whoever rents out names under his own
 * would lend his good name with them.
 * @param senders the collection of trusted senders
 *
 * @example
 * isTrustedSender(new Set(['bank.example']), 'Help@Bank.Example') // true
 */
export function isTrustedSender(senders: { has(id: string): boolean }, email: string): boolean {
  const id = emailId(email)
  if (id === undefined) return false
  const at = id.lastIndexOf('@')
  return at > 0 && (senders.has(id) || senders.has(id.slice(at + 1)))
}

function domainId(domain: string): string | undefined {
  return emailId(domain.trim().replace(/^@/, '').replace(/\.$/, ''))
}
