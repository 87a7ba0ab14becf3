import { describe, expect, it } from 'vitest'
import { startWithTwoDevices } from './help/relay'

describe('a keyring that grows too fast', () => {
  it('is slowed down, and a removal does not wait for it', async () => {
    const { account, second, one, two, pass, connect } = await startWithTwoDevices({ limits: { keyringBurst: 5 } })
    // Of the five, one went into the second device.
    for (let n = 0; n < 4; n++) two.send(account.rekey(second))
    for (let n = 0; n < 4; n++) await two.next('keyring-changed')
    two.send(account.rekey(second, false))
    expect(await two.next('refused')).toMatchObject({
      request: 'keyring-append',
      code: 'too-many-requests',
      retryAfterMs: 5_000,
    })
    two.send({ ...account.rekey(second, false), isRestored: true })
    expect(await two.next('refused')).toMatchObject({ code: 'too-many-requests' })
    await pass(5_000)
    two.send(account.rekey(second))
    await two.next('keyring-changed')

    one.send(account.remove(second, []))
    expect(await two.find('refused')).toMatchObject({ code: 'device-removed' })
    expect(await one.find('keyring-changed')).toMatchObject({ length: 3 })
    // What another device signed may be brought back as fast as it comes.
    const again = connect()
    await again.logIn(account.first)
    again.send(account.rekey(account.first, false))
    expect(await again.next('refused')).toMatchObject({ code: 'too-many-requests' })
  })
})
