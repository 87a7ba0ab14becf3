// What an account's devices do to its keys and to its ways in, each in the log with who did it and to whom.
import { type AuditRow, bytesToHex, type DeviceId, hexToBytes } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { asReplacement, KeyPair, TestDevice } from './help/account'
import { SoftAuthenticator } from './help/authenticator'
import { auditRows } from './help/calls'
import { startWithTwoDevices } from './help/relay'
import { addSignInKey, call, codeOf, prove, setPassword, startSignInRelay } from './help/sign-in'

/** Rows as sentences: kind, who, and to whom; the same for every account. */
function told(rows: readonly AuditRow[], names: Readonly<Record<string, Uint8Array>>): string[] {
  const nameOf = (id: Uint8Array | undefined) =>
    id === undefined ? '-' : Object.entries(names).find(([, each]) => bytesToHex(each) === bytesToHex(id))?.[0]
  return rows.map(({ kind, device, target }) => `${kind} ${nameOf(device)} ${nameOf(target)}`)
}

describe('the audit log tells of', () => {
  it('every change of password, second factor and passkeys', async () => {
    const { account, device, pass } = await startSignInRelay({ limits: { idleTimeoutMs: 1e12 } })
    const email = 'ann@example.com'
    let nowMs = 1_700_000_000_000
    let secret = ''
    const nextCode = async (): Promise<string> => {
      nowMs += 30_000
      await pass(30_000)
      return codeOf(secret, nowMs)
    }
    const enable = async (): Promise<void> => {
      const begun = await call<{ secret: string }>(device, 'two-factor.begin', { label: email })
      secret = begun.secret
      await call(device, 'two-factor.confirm', { code: await nextCode() })
    }

    const first = await setPassword(device, account, 'a long enough password', { email })
    const second = await setPassword(device, account, 'another long password')
    await enable()
    await call(device, 'two-factor.backup-codes', { code: await nextCode() })
    const proof = await prove(device, 'sign-in.prove', {}, 'another long password')
    await call(device, 'two-factor.disable', { ...proof, code: await nextCode() })
    await enable()
    await call(device, 'sign-in.remove')

    const member = await addSignInKey(device, account)
    const site = { origin: 'https://mail.example', label: 'key' }
    const { options } = await call<{ options: { challenge: string } }>(device, 'passkey.begin', site)
    const response = new SoftAuthenticator(account.id).register(options)
    const { id } = await call<{ id: string }>(device, 'passkey.add', { response, label: 'key', box: 'Ym94', member })
    await call(device, 'passkey.remove', { id })

    const key = (hex: string) => hexToBytes(hex) as DeviceId
    const names = { laptop: account.first.id, first: key(first), second: key(second), passkey: key(member) }
    expect(told(await auditRows(device), names)).toEqual([
      'account-created laptop -',
      'device-added laptop first',
      'password-set laptop first',
      'device-added laptop second',
      'password-changed laptop second',
      'two-factor-enabled laptop -',
      'backup-codes-made laptop -',
      'two-factor-disabled laptop -',
      'two-factor-enabled laptop -',
      'password-removed laptop second',
      'two-factor-disabled laptop -',
      'device-added laptop passkey',
      'passkey-added laptop passkey',
      'passkey-removed laptop passkey',
    ])
  })

  it('a new recovery phrase, and a branch of the keyring that took the place of another', async () => {
    const { account, one, two, second } = await startWithTwoDevices()
    const accomplice = new TestDevice(account)
    const names = { laptop: account.first.id, phone: second.id, accomplice: accomplice.id }
    one.send(account.reissue(new KeyPair()))
    await one.find('keyring-changed')
    const ancestor = account.keyring
    two.send(account.add(accomplice, second))
    await one.find('keyring-changed')
    account.state = ancestor
    one.send(asReplacement(account.remove(second, [])))
    await one.find('keyring-changed')
    await two.closed()
    const rows = told(await auditRows(one), names)
    expect(rows.filter((row) => !row.startsWith('sign-in'))).toEqual([
      'account-created laptop -',
      'device-added laptop phone',
      'reissued - -',
      'device-added phone accomplice',
      'branch-replaced laptop -',
      'devices-removed laptop phone',
    ])
  })

  it('a device that leaves', async () => {
    const { account, one, two, second } = await startWithTwoDevices()
    two.send(account.leave(second, []))
    await two.closed()
    const rows = told(await auditRows(one), { laptop: account.first.id, phone: second.id })
    expect(rows.at(-1)).toBe('device-left phone -')
  })
})
