import { bytesToHex, type DeviceId, hexToBytes } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import type { TestDevice } from '../help/account'
import { type CeremonyOptions, SoftAuthenticator } from '../help/authenticator'
import type { TestClient } from '../help/client'
import { addSignInKey, call, refusalOf, type SignInRelay, startSignInRelay } from '../help/sign-in'

const origin = 'https://mail.example'
type Wrong = Partial<CeremonyOptions>

async function begin(client: TestClient, method: string, body: object = { origin }): Promise<string> {
  const { options } = await call<{ options: { challenge: string } }>(client, method, body)
  return options.challenge
}

async function addPasskey({ device, account }: SignInRelay, wrong: Wrong = {}) {
  const authenticator = new SoftAuthenticator(account.id)
  const member = await addSignInKey(device, account)
  const challenge = await begin(device, 'passkey.begin', { origin, label: 'key' })
  const response = authenticator.register({ challenge, ...wrong })
  const { id } = await call<{ id: string }>(device, 'passkey.add', { response, label: 'key', box: 'Ym94', member })
  return { authenticator, id, member }
}

async function signIn(
  relay: SignInRelay,
  authenticator: SoftAuthenticator,
  wrong: Wrong = {},
  client = relay.connect(),
) {
  const challenge = await begin(client, 'sign-in.passkey-start')
  return call(client, 'sign-in.passkey-finish', { response: authenticator.authenticate({ challenge, ...wrong }) })
}

describe('a passkey', () => {
  it('releases the box that was registered with it', async () => {
    const relay = await startSignInRelay()
    const { authenticator, member } = await addPasskey(relay)
    expect(await signIn(relay, authenticator)).toEqual({ account: bytesToHex(relay.account.id), box: 'Ym94', member })
    const { passkeys } = await call<{ passkeys: object[] }>(relay.device, 'sign-in.state')
    expect(passkeys).toMatchObject([{ label: 'key', rpId: 'mail.example', member, lastUsedAtMs: expect.any(Number) }])
  })

  it('is refused for another site, an owner who is not verified, or a challenge that is not the one given', async () => {
    const relay = await startSignInRelay()
    const { authenticator } = await addPasskey(relay)
    const wrongs: Wrong[] = [
      { origin: 'https://mail.example.evil' },
      { rpId: 'evil.example' },
      { isVerified: false },
      { challenge: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
    ]
    for (const wrong of wrongs) {
      expect(await refusalOf(signIn(relay, authenticator, wrong))).toBe('sign-in-failed')
      expect(await refusalOf(addPasskey(relay, wrong))).toBe('call-refused')
    }
    expect(await refusalOf(begin(relay.connect(), 'sign-in.passkey-start', { origin: 'https://evil.example' }))).toBe(
      'call-refused',
    )
  })

  it('answers a challenge once, in time, on the connection that was given it', async () => {
    const relay = await startSignInRelay({ limits: { idleTimeoutMs: 1e9 } })
    const { authenticator } = await addPasskey(relay)
    // As passkeys that are synced between devices do: it counts nothing, so the counter cannot tell a repetition.
    authenticator.counter = -1
    const client = relay.connect()
    const challenge = await begin(client, 'sign-in.passkey-start')
    const response = authenticator.authenticate({ challenge })
    expect(await refusalOf(call(relay.connect(), 'sign-in.passkey-finish', { response }))).toBe('sign-in-failed')
    await call(client, 'sign-in.passkey-finish', { response })
    expect(await refusalOf(call(client, 'sign-in.passkey-finish', { response }))).toBe('sign-in-failed')

    const late = authenticator.authenticate({ challenge: await begin(client, 'sign-in.passkey-start') })
    await relay.pass(121_000)
    expect(await refusalOf(call(client, 'sign-in.passkey-finish', { response: late }))).toBe('sign-in-failed')
    const added = await begin(relay.device, 'passkey.begin', { origin, label: '' })
    const crossed = authenticator.authenticate({ challenge: added })
    expect(await refusalOf(call(relay.device, 'sign-in.passkey-finish', { response: crossed }))).toBe('sign-in-failed')
  })

  it('whose counter goes backwards is a copy, and refused', async () => {
    const relay = await startSignInRelay()
    const { authenticator } = await addPasskey(relay)
    await signIn(relay, authenticator)
    await signIn(relay, authenticator)
    authenticator.counter = 0
    expect(await refusalOf(signIn(relay, authenticator))).toBe('sign-in-failed')
  })

  it('that nobody registered, was removed, or whose key was removed is refused alike', async () => {
    const relay = await startSignInRelay()
    const stranger = new SoftAuthenticator(relay.account.id)
    expect(await refusalOf(signIn(relay, stranger))).toBe('sign-in-failed')
    expect(await refusalOf(signIn(relay, new SoftAuthenticator(new Uint8Array(32))))).toBe('sign-in-failed')
    expect(await refusalOf(signIn(relay, new SoftAuthenticator(new Uint8Array(5))))).toBe('sign-in-failed')
    const removed = await addPasskey(relay)
    await call(relay.device, 'passkey.remove', { id: removed.id })
    expect(await refusalOf(signIn(relay, removed.authenticator))).toBe('sign-in-failed')
    const keyless = await addPasskey(relay)
    relay.device.send(relay.account.remove({ id: hexToBytes(keyless.member) as DeviceId } as TestDevice, []))
    await relay.device.find('keyring-changed')
    expect(await refusalOf(signIn(relay, keyless.authenticator))).toBe('sign-in-failed')
  })

  it('comes without anything that its authenticator derived', async () => {
    const relay = await startSignInRelay()
    const { authenticator } = await addPasskey(relay)
    const client = relay.connect()
    const challenge = await begin(client, 'sign-in.passkey-start')
    const response = { ...authenticator.authenticate({ challenge }), clientExtensionResults: { prf: {} } }
    expect(await refusalOf(call(client, 'sign-in.passkey-finish', { response }))).toBe('call-refused')
  })

  it('is one of at most sixteen', async () => {
    const relay = await startSignInRelay()
    for (let i = 0; i < 16; i++) await addPasskey(relay)
    expect(await refusalOf(addPasskey(relay))).toBe('call-refused')
  })
})
