// Password sign-in as an app uses it: a real relay and real sockets.
import { openMemoryStore } from '@owlivion/sync'
import {
  beginTwoFactor,
  changePassword,
  confirmTwoFactor,
  deleteAccountWithPassword,
  disableTwoFactor,
  registerPassword,
  removePassword,
  signInState,
  unlockSignIn,
} from '@owlivion/sync/password'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { oneTimeCode } from '../../support/one-time-code'
import { activeNames, codeOf, email, type SignInWorld, startSignInWorld, until } from '../../support/sign-in-world'

vi.mock('@serenity-kit/opaque', async (original) => {
  const { quickStretching } = await import('../../support/quick-stretching')
  return quickStretching(original)
})

const password = 'a long enough password'
const other = 'another long password'

let world: SignInWorld
beforeEach(async () => {
  world = await startSignInWorld()
})

describe('a password', () => {
  it('makes another device a member that reads and writes everything, without the phrase', async () => {
    const { sync } = await world.create()
    const contacts = await sync.open<{ name: string }>('contacts')
    await contacts.add('ann', { name: 'Ann' })
    await sync.flush()
    await registerPassword(sync, { email, password })

    const second = await world.enter(password)
    const there = await second.open<{ name: string }>('contacts')
    await second.whenCaughtUp()
    expect(there.get('ann')).toMatchObject({ name: 'Ann' })
    await there.update('ann', { name: 'Ann B.' })
    await second.flush()
    await until(sync, () => contacts.get('ann')?.name === 'Ann B.')
    expect(activeNames(sync)).toEqual(['Password', 'another', 'first'])
  })

  it('is the same however a keyboard spells it, and whole to its last character', async () => {
    const { sync } = await world.create()
    const long = `${'x'.repeat(100)} tail`
    await registerPassword(sync, { email, password: `pa\u00dfwo\u0308rter ${long}` })
    expect(await codeOf(world.enter(`pa\u00dfw\u00f6rter ${long.slice(0, -1)}`))).toBe('sign-in-failed')
    await world.enter(`pa\u00dfw\u00f6rter ${long}`)
  })

  it('that is wrong and an address that nobody has are refused alike, and nothing is written', async () => {
    const { sync } = await world.create()
    await registerPassword(sync, { email, password })
    const store = openMemoryStore()
    expect(await codeOf(world.enter(other, { store }))).toBe('sign-in-failed')
    expect(await codeOf(world.enter(password, { store, email: 'nobody@example.com' }))).toBe('sign-in-failed')
    expect(await store.list([])).toEqual([])
  })

  it('that is too short, or an address that is none, is refused before anything is sent', async () => {
    const { sync } = await world.create()
    expect(await codeOf(registerPassword(sync, { email, password: 'short' }))).toBe('password-length')
    expect(await codeOf(registerPassword(sync, { email, password: 'x'.repeat(1_025) }))).toBe('password-length')
    expect(await codeOf(registerPassword(sync, { email: 'ann', password }))).toBe('email-invalid')
    expect(await signInState(sync)).toMatchObject({ hasPassword: false })
  })

  it('ends with a change, and with it the key that it unlocked', async () => {
    const { sync } = await world.create()
    await registerPassword(sync, { email, password })
    const [first] = sync.devices().filter(({ name }) => name === 'Password')
    await changePassword(sync, { password: other })
    expect(await codeOf(world.enter(password))).toBe('sign-in-failed')
    await world.enter(other)
    const keys = sync.devices().filter(({ name }) => name === 'Password')
    expect(keys.find(({ id }) => id === first?.id)?.isRemoved).toBe(true)
    expect(keys.filter(({ isRemoved }) => !isRemoved).length).toBe(1)
  })

  it('ends when it is removed, and when a device removes its key', async () => {
    const { sync } = await world.create()
    await registerPassword(sync, { email, password })
    await removePassword(sync)
    expect(activeNames(sync)).toEqual(['first'])
    expect(await codeOf(world.enter(password))).toBe('sign-in-failed')

    await registerPassword(sync, { email, password })
    const [key] = sync.devices().filter(({ name, isRemoved }) => name === 'Password' && !isRemoved)
    await sync.removeDevices([key?.id as string])
    expect(await codeOf(world.enter(password))).toBe('sign-in-failed')
  })

  it('stays when all other devices are locked out, unless its key is to go with them', async () => {
    const { sync } = await world.create()
    await registerPassword(sync, { email, password })
    await world.enter(password)
    await sync.removeOtherDevices()
    expect(activeNames(sync)).toEqual(['Password', 'first'])
    await sync.removeOtherDevices({ signInKeys: true })
    expect(activeNames(sync)).toEqual(['first'])
    expect(await codeOf(world.enter(password))).not.toBe('done')
  })

  it('survives a restart of the relay, and a rotation of keys', async () => {
    const { sync } = await world.create()
    await registerPassword(sync, { email, password })
    const contacts = await sync.open<{ name: string }>('contacts')
    await sync.rotateKeys()
    await contacts.add('ben', { name: 'Ben' })
    await sync.flush()
    await sync.close()
    await world.restartRelay()
    const second = await world.enter(password)
    const there = await second.open<{ name: string }>('contacts')
    await second.whenCaughtUp()
    expect(there.get('ben')).toMatchObject({ name: 'Ben' })
  })

  it('proves that the account may be deleted', async () => {
    const { sync } = await world.create()
    await registerPassword(sync, { email, password })
    expect(await codeOf(deleteAccountWithPassword(sync, { password: other }))).toBe('sign-in-failed')
    await deleteAccountWithPassword(sync, { password })
    expect(await codeOf(world.enter(password))).toBe('sign-in-failed')
  })

  it('is something that a relay without it does not know', async () => {
    world = await startSignInWorld(false)
    const { sync } = await world.create()
    expect(await codeOf(registerPassword(sync, { email, password }))).toBe('unknown-call')
    expect(await codeOf(world.enter(password))).toBe('unknown-call')
  })
})

describe('two-factor', () => {
  it('keeps another device out without a code, and lets it in with one, also when it is asked for in between', async () => {
    const { sync } = await world.create()
    await registerPassword(sync, { email, password })
    const { secret } = await beginTwoFactor(sync, email)
    const backupCodes = await confirmTwoFactor(sync, oneTimeCode(secret, Date.now()))
    expect(await signInState(sync)).toMatchObject({ hasTwoFactor: true, backupCodes: 10 })

    expect(await codeOf(world.enter(password))).toBe('code-required')
    const answers = ['000000x', backupCodes[0]]
    await world.enter(password, { code: async () => answers.shift() })
    expect(await codeOf(world.enter(password, { code: backupCodes[0] as string }))).toBe('code-wrong')

    for (let i = 0; i < 6; i++) await codeOf(world.enter(password, { code: 'wrong' }))
    expect(await codeOf(world.enter(password, { code: backupCodes[1] as string }))).toBe('sign-in-locked')
    await unlockSignIn(sync)
    expect(await codeOf(disableTwoFactor(sync, { password, code: 'wrong' }))).toBe('code-wrong')
    await disableTwoFactor(sync, { password, code: backupCodes[1] as string })
    await world.enter(password)
  })
})
