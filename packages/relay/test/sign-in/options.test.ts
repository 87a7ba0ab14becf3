import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TestAccount } from '../help/account'
import { connectSocket } from '../help/client'
import { killRelayProcesses, runRelay, startRelayProcess } from '../help/process'
import { call, refusalOf, setPassword, signIn } from '../help/sign-in'

const email = 'ann@example.com'
const password = 'a long enough password'

async function policyOf(url: string): Promise<string> {
  const { headers } = await fetch(`${url.replace(/^ws/, 'http')}/health`)
  return headers.get('content-security-policy') ?? ''
}

describe('the options of password sign-in', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'owlivion-sign-in-'))
  })
  afterEach(() => {
    killRelayProcesses()
    rmSync(folder, { recursive: true, force: true })
  })

  it('switch it on, with the key file where they say, and passkeys for the sites that they name', async () => {
    const keyFile = join(folder, 'elsewhere', 'key.json')
    const origin = 'https://mail.example.com'
    const args = ['--sign-in-key', keyFile, '--passkey-origin', origin]
    const { url, kill, log } = await startRelayProcess(join(folder, 'data'), args)
    expect(statSync(keyFile).mode & 0o777).toBe(0o600)
    const device = await connectSocket(url)
    const account = new TestAccount()
    await device.open(account)
    await setPassword(device, account, password, { email })
    expect(await signIn(await connectSocket(url), email, password)).toMatchObject({ box: 'Ym94' })
    expect(await call(device, 'sign-in.state')).toMatchObject({ passkeyOrigins: [origin] })
    // OPAQUE is WebAssembly, which a page from here may compile then.
    expect(await policyOf(url)).toContain("script-src 'self' 'wasm-unsafe-eval';")
    expect(await kill('SIGTERM')).toBe(0)
    // Neither in what was refused nor in what was done.
    expect(log()).not.toMatch(/ann@|example\.com"|a long enough/)
  })

  it('leave it off when none is given', async () => {
    const { url } = await startRelayProcess(join(folder, 'data'))
    expect(await refusalOf(signIn(await connectSocket(url), email, password))).toBe('unknown-call')
    expect(await policyOf(url)).not.toContain('unsafe-eval')
  })

  it.each(['mail.example.com', 'https://mail.example.com/', 'https://mail.example.com/app'])(
    'refuse %s, which is no origin of a site',
    async (origin) => {
      const args = ['serve', '--data', join(folder, 'data'), '--port', '0', '--passkey-origin', origin]
      const { code, output } = await runRelay(args)
      expect([code, output]).toEqual([1, expect.stringContaining('An origin is a scheme and a host')])
    },
  )
})
