import { describe, expect, it } from 'vitest'
import { TestDevice } from './help/account'
import { startWithTwoDevices } from './help/relay'

describe('a keyring that is as long as the relay allows', () => {
  it('takes no new key and no new device, and yet puts out whoever filled it, and lets the phrase in', async () => {
    const { account, second, one, two, connect } = await startWithTwoDevices({ limits: { maxKeyringRecords: 4 } })
    two.send(account.rekey(second), account.rekey(second))
    await two.next('keyring-changed')
    await two.next('keyring-changed')
    two.send(account.rekey(second, false))
    expect(await two.next('refused')).toMatchObject({ request: 'keyring-append', code: 'quota-exceeded' })

    one.send(account.remove(second, []))
    expect(await one.find('keyring-changed')).toMatchObject({ length: 3 })
    expect(await two.find('refused')).toMatchObject({ code: 'device-removed' })
    one.send(account.rekey(account.first, false))
    expect(await one.find('refused')).toMatchObject({ request: 'keyring-append', code: 'quota-exceeded' })

    const phrase = connect()
    await phrase.logInForRecovery(account.recovery)
    expect(await phrase.next('welcome')).toMatchObject({ keyringLength: 5 })
    phrase.send(account.recover(new TestDevice(account), [account.first], []))
    expect(await phrase.find('keyring-changed')).toMatchObject({ length: 6 })
  })
})
