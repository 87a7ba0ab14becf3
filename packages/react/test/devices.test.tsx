// What is drawn of the account's devices and keys: on one device, of what the other did.
import { createAccount, type DeviceDetails } from '@owlivion/sync'
import { acceptPairing, startPairing } from '@owlivion/sync/pairing'
import { renderToString } from 'react-dom/server'
import { expect, onTestFinished, test } from 'vitest'
import { SyncProvider } from '../src/index'
import { draw, openTestAccount, settled } from './account'
import { Devices, Pairing, type Person, Request } from './components'
import { eventually, newDevice, openRelay, openTwoDevices } from './two-devices'

test('devices are drawn as they join and are removed, and the list stays the same object while only records change', async () => {
  const [laptop, phone] = await openTwoDevices()
  const lists = new Set<readonly DeviceDetails[]>()
  const { text } = await draw(laptop, <Devices onDraw={(devices) => lists.add(devices)} />)
  await eventually(() => expect(text()).toBe('laptop (this);phone;'))
  const people = await laptop.open<Person>('people')
  await laptop.flush()
  const before = lists.size
  await settled(() => people.add('a', { name: 'Ada' }))
  expect(lists.size).toBe(before)

  await settled(() => laptop.refreshDevices())
  expect(laptop.devices().every(({ lastSeenMs }) => lastSeenMs !== undefined)).toBe(true)
  expect(lists.size).toBe(before + 1)
  await settled(() => laptop.removeDevices([phone.deviceId]))
  await eventually(() => expect(text()).toBe('laptop (this);phone (removed);'))
})

test('a request for a new phrase is drawn on the device that asks and on the other, until it is vetoed', async () => {
  const [laptop, phone] = await openTwoDevices()
  const onLaptop = await draw(laptop, <Request />)
  const onPhone = await draw(phone, <Request />)
  expect([onLaptop.text(), onPhone.text()]).toEqual(['nobody asks', 'nobody asks'])
  await phone.requestReissue()
  await eventually(() => expect([onLaptop.text(), onPhone.text()]).toEqual(['another asks', 'I ask']))
  await laptop.vetoReissue()
  await eventually(() => expect([onLaptop.text(), onPhone.text()]).toEqual(['nobody asks', 'nobody asks']))
})

test('a pairing is drawn at every step, on both devices', async () => {
  const relay = await openRelay()
  const { sync: laptop } = await createAccount(newDevice(relay, 'laptop'))
  onTestFinished(() => laptop.close())
  await eventually(() => expect(laptop.status.connection).toBe('online'))
  const offer = await startPairing(newDevice(relay, 'phone'))
  const newcomer = await draw(laptop, <Pairing side={offer} />)
  expect(newcomer.text()).toBe('waiting')
  const approval = await acceptPairing(laptop, offer.code)
  const member = await draw(laptop, <Pairing side={approval} />)
  await eventually(() => expect([newcomer.text(), member.text()]).toEqual(['comparing', 'comparing']))
  expect(offer.digits).toBe(approval.digits)
  offer.confirmDigits()
  approval.approve()
  const phone = await offer.result
  onTestFinished(() => phone.close())
  await eventually(() => expect([newcomer.text(), member.text()]).toEqual(['joined', 'joined']))
})

test('on a server an account has no devices, and nobody asks for anything', async () => {
  const sync = await openTestAccount()
  const html = renderToString(
    <SyncProvider sync={sync}>
      <p>
        <Devices />
      </p>
      <p>
        <Request />
      </p>
    </SyncProvider>,
  )
  expect(html).toBe('<p></p><p>nobody asks</p>')
})
