// Two devices and a real relay: what one device draws of an edit, and of a conflict, that came from the other.
import { expect, test } from 'vitest'
import { draw, settled } from './account'
import { Conflicts, Names, type Person } from './components'
import { eventually, openTwoDevices } from './two-devices'

test('edits of another device are drawn, a conflict shows both values, and a write of the field ends it', async () => {
  const [laptop, phone] = await openTwoDevices()
  const onLaptop = await laptop.open<Person>('people')
  const onPhone = await phone.open<Person>('people')
  const { text } = await draw(laptop, [<Names key="names" />, <Conflicts key="conflicts" />])
  await onPhone.add('a', { name: 'Ada' })
  await eventually(() => expect(text()).toBe('a=Ada;'))

  laptop.goOffline()
  await settled(() => onLaptop.update('a', { name: 'Ada at home' }))
  await onPhone.update('a', { name: 'Ada at work' })
  await phone.flush()
  expect(text()).toBe('a=Ada at home;')
  laptop.goOnline()
  await eventually(() => expect(text()).toBe('a=Ada at work;name: Ada at work or Ada at home'))

  await onPhone.update('a', { name: 'Ada at home' })
  await eventually(() => expect(text()).toBe('a=Ada at home;'))
})
