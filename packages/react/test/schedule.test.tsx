// What is drawn of when a device syncs, what of it, and who else holds a copy.
import { renderToString } from 'react-dom/server'
import { expect, test, vi } from 'vitest'
import { SyncProvider } from '../src/index'
import { draw, openTestAccount, settled } from './account'
import { Copies, Enabled, type Person, Schedule } from './components'
import { eventually, openTwoDevices } from './two-devices'

test('the schedule is one object until it changes, and follows what is chosen', async () => {
  const sync = await openTestAccount()
  const seen = new Set<unknown>()
  const { text } = await draw(sync, <Schedule onDraw={(schedule) => seen.add(schedule)} />)
  expect(text()).toBe('live going on')
  const people = await sync.open<Person>('people')
  await settled(() => people.add('a', { name: 'Ada' }))
  expect(seen.size).toBe(1)
  await settled(() => sync.setSchedule({ mode: 30 }))
  expect(text()).toBe('30 going on')
  await settled(() => sync.setSchedule({ paused: true }))
  expect(text()).toBe('30 paused')
})

test('the account hears of a network that returns and of a page that is looked at again, for as long as the component is there', async () => {
  const sync = await openTestAccount()
  const returned = vi.spyOn(sync, 'networkReturned')
  const { unmount } = await draw(sync, <Schedule />)
  window.dispatchEvent(new window.Event('online'))
  document.dispatchEvent(new window.Event('visibilitychange'))
  expect(returned).toHaveBeenCalledTimes(2)
  await unmount()
  window.dispatchEvent(new window.Event('online'))
  expect(returned).toHaveBeenCalledTimes(2)
})

test('a data type is drawn as on or off, also before it is open', async () => {
  const sync = await openTestAccount()
  const { text } = await draw(sync, <Enabled />)
  expect(text()).toBe('on')
  await settled(() => sync.setCollectionEnabled('people', false))
  expect(text()).toBe('off')
  await settled(() => sync.setCollectionEnabled('people', true))
  expect(text()).toBe('on')
})

test('copies are drawn as the other device takes them, and devices as they are heard of', async () => {
  const [laptop, phone] = await openTwoDevices()
  const people = await laptop.open<Person>('people')
  const { text } = await draw(laptop, <Copies />)
  expect(text()).toBe('elsewhere ')
  await settled(() => people.add('a', { name: 'Ada' }))
  expect(text()).toBe('only here ')
  await phone.open<Person>('people')
  await eventually(() => expect(text()).toBe('elsewhere all'))
  await phone.setCollectionEnabled('people', false)
  await settled(() => people.add('b', { name: 'Bea' }))
  expect(text()).toBe('only here some')
})

test('on a server a device syncs nothing, and holds nothing alone', async () => {
  const sync = await openTestAccount()
  const html = renderToString(
    <SyncProvider sync={sync}>
      <p>
        <Schedule />
      </p>
      <p>
        <Enabled />
      </p>
      <p>
        <Copies />
      </p>
    </SyncProvider>,
  )
  expect(html).toBe('<p>live going on</p><p>on</p><p>elsewhere </p>')
})
