import { createHash, createHmac } from 'node:crypto'
import { decodeAuditRow } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { openSignIn } from '../../src/sign-in/sign-in-row'
import { TestAccount } from '../help/account'
import {
  call,
  codeOf,
  prove,
  type Refused,
  refusalOf,
  type SignInRelay,
  setPassword,
  signIn,
  startSignInRelay,
} from '../help/sign-in'

const email = 'ann@example.com'
const password = 'a long enough password'
const HALF_MINUTE = 30_000
/** Where the test relay's clock starts. */
const startMs = 1_700_000_000_000

/** The codes of a secret for five minutes before and after. */
const codesAround = (secret: string, atMs: number): string[] =>
  Array.from({ length: 21 }, (_, i) => codeOf(secret, atMs + (i - 10) * HALF_MINUTE))

describe('a second factor', () => {
  let relay: SignInRelay
  let secret: string
  let backupCodes: string[]
  let nowMs: number

  const pass = async (ms: number) => {
    nowMs += ms
    await relay.pass(ms)
  }
  const code = (offsetMs = 0) => codeOf(secret, nowMs + offsetMs)
  const wrong = () => {
    const right = codesAround(secret, nowMs)
    return Array.from({ length: 22 }, (_, i) => `${100_000 + i}`).find((each) => !right.includes(each)) as string
  }
  const attempt = (text?: string) => signIn(relay.connect(), email, password, text)

  beforeEach(async () => {
    nowMs = startMs
    relay = await startSignInRelay({ limits: { idleTimeoutMs: 1e12 } })
    await setPassword(relay.device, relay.account, password, { email })
    const begin = () => call<{ secret: string; uri: string }>(relay.device, 'two-factor.begin', { label: email })
    let begun = await begin()
    // Among so many codes of six digits two are the same once in thousands of runs; here each stands for one moment.
    while (new Set(codesAround(begun.secret, startMs)).size < 21) begun = await begin()
    expect(begun.uri).toMatch(/^otpauth:\/\/totp\/Owlivion:ann%40example\.com\?/)
    secret = begun.secret
    expect(await call(relay.device, 'sign-in.state')).toMatchObject({ hasSecondFactor: false })
    await attempt()
    ;({ backupCodes } = await call<{ backupCodes: string[] }>(relay.device, 'two-factor.confirm', { code: code() }))
    await pass(HALF_MINUTE)
  })

  it('is on only after a code has shown that the app has the secret', async () => {
    const fresh = await startSignInRelay()
    await setPassword(fresh.device, fresh.account, password, { email })
    expect(await refusalOf(call(fresh.device, 'two-factor.confirm', { code: '123456' }))).toBe('call-refused')
    const begin = () => call<{ secret: string }>(fresh.device, 'two-factor.begin', { label: '' })
    const stale = codeOf((await begin()).secret, startMs)
    let second = await begin()
    while (codesAround(second.secret, startMs).includes(stale)) second = await begin()
    expect(await refusalOf(call(fresh.device, 'two-factor.confirm', { code: stale }))).toBe('code-wrong')
    await signIn(fresh.connect(), email, password)
    await call(fresh.device, 'two-factor.confirm', { code: codeOf(second.secret, startMs) })
    expect(await refusalOf(signIn(fresh.connect(), email, password))).toBe('code-required')
    expect(await refusalOf(call(fresh.device, 'two-factor.begin', { label: '' }))).toBe('call-refused')
  })

  it('needs a password to stand beside', async () => {
    const fresh = await startSignInRelay()
    expect(await refusalOf(call(fresh.device, 'two-factor.begin', { label: '' }))).toBe('call-refused')
  })

  it('keeps the box back until the code is right, and asks for it only who knows the password', async () => {
    expect(await refusalOf(attempt())).toBe('code-required')
    expect(await refusalOf(attempt(wrong()))).toBe('code-wrong')
    expect(await refusalOf(signIn(relay.connect(), email, 'not the password'))).toBe('sign-in-failed')
    expect(await refusalOf(signIn(relay.connect(), email, 'not the password', code()))).toBe('sign-in-failed')
    expect(await attempt(code())).toMatchObject({ box: 'Ym94' })
  })

  it('is asked for in the same sign-in, without proving the password again', async () => {
    const client = relay.connect()
    const proof = await prove(client, 'sign-in.start', { email }, password)
    expect(await refusalOf(call(client, 'sign-in.finish', proof))).toBe('code-required')
    expect(await refusalOf(call(client, 'sign-in.finish', { ...proof, code: wrong() }))).toBe('code-wrong')
    expect(await call(client, 'sign-in.finish', { ...proof, code: code() })).toMatchObject({ box: 'Ym94' })
  })

  it('takes a code once, and after it none before it', async () => {
    const used = code()
    await attempt(used)
    expect(await refusalOf(attempt(used))).toBe('code-wrong')
    expect(await refusalOf(attempt(code(-HALF_MINUTE)))).toBe('code-wrong')
    await pass(HALF_MINUTE)
    expect(await refusalOf(attempt(used))).toBe('code-wrong')
    await attempt(code())
  })

  it('takes one code once when it comes twice at the same moment', async () => {
    const used = code()
    const outcomes = await Promise.allSettled([attempt(used), attempt(used), attempt(used)])
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(1)
  })

  it('takes the codes of clocks that are half a minute off, and no others', async () => {
    await pass(5 * HALF_MINUTE)
    expect(await refusalOf(attempt(code(2 * HALF_MINUTE)))).toBe('code-wrong')
    expect(await refusalOf(attempt(code(-2 * HALF_MINUTE)))).toBe('code-wrong')
    await attempt(code(-HALF_MINUTE))
    await attempt(code(HALF_MINUTE))
  })

  it('takes each of ten backup codes once, however it is typed', async () => {
    expect(new Set(backupCodes).size).toBe(10)
    const [first, second] = backupCodes as [string, string]
    await attempt(first)
    expect(await refusalOf(attempt(first))).toBe('code-wrong')
    await attempt(` ${second.toUpperCase().replace('-', ' ')} `)
    expect(await call(relay.device, 'sign-in.state')).toMatchObject({ backupCodes: 8 })
    const { rows } = await relay.store.accountRows.readAudit(relay.account.id, 1, 100, 100_000)
    const used = rows.map((row) => decodeAuditRow(row)).filter(({ kind }) => kind === 'backup-code-used')
    expect(used.map(({ detail }) => detail)).toEqual(['9 left', '8 left'])
  })

  it('keeps backup codes as hashes only, and those need the key of the relay', async () => {
    const row = await relay.store.signIns.read(relay.account.id)
    const content = row?.content as Uint8Array
    const opened = openSignIn(relay.keys.sealingKey, relay.account.id, content)
    expect(opened.secondFactor?.backupCodes.length).toBe(10)
    const shown = JSON.stringify(opened)
    for (const backupCode of backupCodes) {
      const plain = backupCode.replace('-', '')
      for (const text of [backupCode, plain]) expect(shown).not.toContain(text)
      // Fifty random bits can be tried one by one on a hash that needs no key.
      expect(shown).not.toContain(createHash('sha256').update(relay.account.id).update(plain).digest('base64url'))
      const keyed = createHmac('sha256', relay.keys.codeKey).update(relay.account.id).update(plain).digest('base64url')
      expect(opened.secondFactor?.backupCodes).toContain(keyed)
    }
  })

  it('makes new backup codes for a code, and the old ones are of no use then', async () => {
    expect(await refusalOf(call(relay.device, 'two-factor.backup-codes', { code: wrong() }))).toBe('code-wrong')
    const made = await call<{ backupCodes: string[] }>(relay.device, 'two-factor.backup-codes', { code: code() })
    expect(await refusalOf(attempt(backupCodes[0]))).toBe('code-wrong')
    await attempt(made.backupCodes[0])
  })

  it('locks after six wrong codes in a row, also for the right code, until a day has passed', async () => {
    for (let i = 0; i < 5; i++) expect(await refusalOf(attempt(wrong()))).toBe('code-wrong')
    const locked = (await attempt(wrong()).catch((error) => error)) as Refused
    expect(locked).toMatchObject({ code: 'sign-in-locked', retryAfterMs: 86_400_000 })
    expect(await refusalOf(attempt(code()))).toBe('sign-in-locked')
    expect(await refusalOf(attempt())).toBe('sign-in-locked')
    expect(await refusalOf(attempt(backupCodes[0]))).toBe('sign-in-locked')
    expect(await refusalOf(signIn(relay.connect(), email, 'not the password'))).toBe('sign-in-failed')
    await pass(86_400_000)
    await attempt(code())
  })

  it('counts wrong codes over restarts and connections, and from nought after a right one', async () => {
    for (let i = 0; i < 5; i++) await refusalOf(attempt(wrong()))
    await attempt(code())
    await pass(HALF_MINUTE)
    for (let i = 0; i < 5; i++) expect(await refusalOf(attempt(wrong()))).toBe('code-wrong')
    await attempt(code())
  })

  it('counts wrong codes that come at the same moment one by one', async () => {
    const outcomes = await Promise.all(Array.from({ length: 9 }, () => refusalOf(attempt(wrong()))))
    expect(outcomes.filter((outcome) => outcome === 'code-wrong').length).toBe(5)
    expect(outcomes.filter((outcome) => outcome === 'sign-in-locked').length).toBe(4)
  })

  it('is unlocked by a device of the account', async () => {
    for (let i = 0; i < 6; i++) await refusalOf(attempt(wrong()))
    expect(await call(relay.device, 'sign-in.state')).toMatchObject({ lockedUntilMs: nowMs + 86_400_000 })
    await call(relay.device, 'sign-in.unlock')
    await attempt(code())
    const { rows } = await relay.store.accountRows.readAudit(relay.account.id, 1, 100, 100_000)
    const kinds = rows.map((row) => decodeAuditRow(row).kind)
    expect(kinds).toContain('sign-in-locked')
    expect(kinds).toContain('sign-in-unlocked')
  })

  it('is switched off only with password and code', async () => {
    const disable = async (typed: string, text?: string) => {
      const proof = await prove(relay.device, 'sign-in.prove', {}, typed)
      return call(relay.device, 'two-factor.disable', { ...proof, ...(text !== undefined && { code: text }) })
    }
    expect(await refusalOf(disable('not the password', code()))).toBe('sign-in-failed')
    expect(await refusalOf(disable(password))).toBe('code-required')
    expect(await refusalOf(disable(password, wrong()))).toBe('code-wrong')
    expect(await refusalOf(call(relay.device, 'two-factor.disable', { slot: 0, proof: 'AAAA', code: code() }))).toBe(
      'sign-in-failed',
    )
    const stranger = new TestAccount()
    const strangersDevice = relay.connect()
    await strangersDevice.open(stranger)
    const foreign = await prove(strangersDevice, 'sign-in.start', { email }, password)
    expect(await refusalOf(call(strangersDevice, 'two-factor.disable', { ...foreign, code: code() }))).toBe(
      'call-refused',
    )
    await disable(password, code())
    await attempt()
  })

  it('stays when the password is changed', async () => {
    await setPassword(relay.device, relay.account, 'another long password')
    expect(await refusalOf(signIn(relay.connect(), email, 'another long password'))).toBe('code-required')
    await signIn(relay.connect(), email, 'another long password', code())
  })

  it('stands before a deletion by password', async () => {
    const proof = await prove(relay.device, 'sign-in.prove', {}, password)
    expect(await refusalOf(call(relay.device, 'account.delete', { proof }))).toBe('code-required')
    expect(await refusalOf(call(relay.device, 'account.delete', { proof: { ...proof, code: wrong() } }))).toBe(
      'code-wrong',
    )
    await call(relay.device, 'account.delete', { proof: { ...proof, code: code() } })
  })
})
