// A password is changed in several steps, and a device may end between any two of them.
import { joinAccount, openAccount, openMemoryStore } from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'
import { changePassword, registerPassword } from '@owlivion/sync/password'
import { decodeSignedRecord, type Frame } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { MemoryDisk } from '../../../packages/core/src/storage'
import { cutPlatform } from '../../support/cut-platform'
import { activeNames, email, type SignInWorld, startSignInWorld, until } from '../../support/sign-in-world'

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

describe('a change that breaks off', () => {
  const isCall = (method: string) => (frame: Frame) => frame.type === 'call' && frame.method === method
  const isRecord = (type: string) => (frame: Frame) =>
    frame.type === 'keyring-append' && decodeSignedRecord(frame.record).record.type === type
  const steps = {
    'the registration is begun': isCall('sign-in.register-start'),
    'the key comes in': isRecord('add'),
    'the registration is made': isCall('sign-in.register'),
    'what is in use is asked': isCall('sign-in.state'),
    'the old key goes': isRecord('remove'),
  }

  it.each(
    Object.entries(steps).flatMap(([name, isIt]) => [['before', name, isIt] as const, ['after', name, isIt] as const]),
  )('%s %s leaves an account that one of the passwords opens, and no key over', async (when, _name, isIt) => {
    const disk = new MemoryDisk()
    const { sync: first } = await world.create({ store: openMemoryStore(disk) })
    await registerPassword(first, { email, password })
    await first.close()

    const platform = cutPlatform(when, isIt)
    const broken = world.keep(await openAccount({ platform, store: openMemoryStore(disk) }))
    await until(broken, () => broken.status.connection === 'online')
    const change = changePassword(broken, { password: other }).catch(() => {})
    await platform.cut
    await broken.close()
    await change

    const again = world.keep(await openAccount({ platform: nodePlatform(), store: openMemoryStore(disk) }))
    await until(again, () => again.status.connection === 'online' && again.status.owed.length === 0)
    await until(again, () => activeNames(again).filter((name) => name === 'Password').length === 1)
    const outcomes = [await entered(password), await entered(other)]
    expect(outcomes.filter((outcome) => outcome === 'in').length).toBe(1)
    // A second attempt finds nothing in its way.
    await changePassword(again, { password: 'a third long password' })
    expect(await entered('a third long password')).toBe('in')
  })

  async function entered(typed: string): Promise<string> {
    return world.enter(typed).then(
      () => 'in',
      (error) => error.code,
    )
  }

  it('on a device that never comes back leaves over what the next change takes away', async () => {
    const { sync, recoveryPhrase } = await world.create()
    await registerPassword(sync, { email, password })
    const platform = cutPlatform('after', isRecord('add'))
    const disk = new MemoryDisk()
    const joined = { ...world.place({ store: openMemoryStore(disk) }), deviceName: 'second', recoveryPhrase }
    await (await joinAccount(joined)).close()
    const store = openMemoryStore(disk)
    const broken = world.keep(await openAccount({ platform, store }))
    await until(broken, () => broken.status.connection === 'online')
    const change = changePassword(broken, { password: other }).catch(() => {})
    await platform.cut
    await broken.close()
    await change
    const keysOf = () => activeNames(sync).filter((name) => name === 'Password').length
    await until(sync, () => keysOf() === 2)
    expect(await entered(password)).toBe('in')
    await changePassword(sync, { password: other })
    await until(sync, () => keysOf() === 1)
    expect(await entered(other)).toBe('in')
  })
})
