// Files of settings as providers publish them, and as somebody might to do harm.
import { accountFromProviderSettings } from '@owlivion/sync/provider-settings'
import { describe, expect, it } from 'vitest'

const ann = { email: 'ann@example.com', displayName: 'Ann' }
const file = (servers: string) =>
  `<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="example.com">
    <domain>example.com</domain><displayName>Example &amp; Sons</displayName>${servers}</emailProvider></clientConfig>`
const server = (type: string, inner: string) =>
  `<${type === 'smtp' ? 'outgoing' : 'incoming'}Server type="${type}">${inner}</${type === 'smtp' ? 'outgoing' : 'incoming'}Server>`
const imap = server(
  'imap',
  '<hostname>imap.example.com</hostname><port>993</port><socketType>SSL</socketType><username>%EMAILADDRESS%</username><authentication>OAuth2</authentication><authentication>password-cleartext</authentication>',
)
const smtp = server(
  'smtp',
  '<hostname>smtp.%EMAILDOMAIN%</hostname><port>587</port><socketType>STARTTLS</socketType><username>%EMAILLOCALPART%.%EMAILDOMAIN%</username><authentication>password-encrypted</authentication>',
)

describe('settings of a provider', () => {
  it('become an account with its owner’s address in the places for it', () => {
    expect(accountFromProviderSettings(file(imap + smtp), ann)).toEqual({
      ...ann,
      incoming: {
        ...{ protocol: 'imap', host: 'imap.example.com', port: 993, security: 'tls', username: 'ann@example.com' },
        authentication: ['OAuth2', 'password-cleartext'],
      },
      outgoing: {
        ...{ protocol: 'smtp', host: 'smtp.example.com', port: 587, security: 'starttls', username: 'ann.example.com' },
        authentication: ['password-encrypted'],
      },
    })
    expect(accountFromProviderSettings(file(imap), { email: 'ann@example.com' }).displayName).toBe('ann@example.com')
  })

  it('put what there is more of into alternatives, and leave out what they do not know', () => {
    const pop = server(
      'pop3',
      '<hostname>pop.example.com</hostname><port>110</port><socketType>plain</socketType><authentication>password-cleartext</authentication>',
    )
    const strange = server('telepathy', '<hostname>mind.example.com</hostname><port>1</port>')
    const badPort = server('imap', '<hostname>imap2.example.com</hostname><port>99999</port>')
    const badSecurity = server(
      'imap',
      '<hostname>imap3.example.com</hostname><port>993</port><socketType>ROT13</socketType>',
    )
    const account = accountFromProviderSettings(file(strange + badPort + badSecurity + imap + pop), ann)
    expect(account.incoming?.host).toBe('imap.example.com')
    expect(account.incomingAlternatives?.map(({ host, security }) => [host, security])).toEqual([
      ['pop.example.com', 'none'],
    ])
    expect(account.outgoing).toBeUndefined()
  })

  it('take an address for what it is, whatever it looks like', () => {
    const odd = { email: "$&$'@example.com" }
    expect(accountFromProviderSettings(file(imap), odd).incoming?.username).toBe("$&$'@example.com")
  })

  it('that are none, or mean harm, are refused', () => {
    const laughs = `<!DOCTYPE a [<!ENTITY b "${'b'.repeat(1_000)}"><!ENTITY c "&b;&b;&b;&b;">]>${file('&c;')}`
    for (const xml of [
      '',
      'Dear Ida',
      '<clientConfig/>',
      '<a><b></a>',
      file('').slice(0, 60),
      laughs,
      file(`<__proto__><x>1</x></__proto__>${imap}`),
      ' '.repeat(300_000),
    ])
      expect(() => accountFromProviderSettings(xml, ann), xml.slice(0, 40)).toThrow(
        expect.objectContaining({ code: 'invalid-value' }),
      )
    expect(() => accountFromProviderSettings(file(imap), { email: 'nobody' })).toThrow(
      expect.objectContaining({ code: 'invalid-value' }),
    )
    expect(({} as { x?: unknown }).x).toBeUndefined()
  })
})
