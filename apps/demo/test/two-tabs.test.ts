// The demo in two tabs of one browser: the same two devices, seen twice.

import { eventually, itInChromium, openPair, withDemo } from './support/demo'
import { deviceView } from './support/device-view'

withDemo()

itInChromium(
  'two tabs show the same devices, one goes on when the other is closed, and both start over together',
  async () => {
    const { page, laptop, phone } = await openPair()
    const second = await page.context().newPage()
    await second.goto('/')
    const laptopInSecond = deviceView(second, 'laptop')
    await laptopInSecond.field('Search contacts').waitFor()

    await laptopInSecond.add({ Name: 'Second Tab', 'E-mail 1': 'second@example.com' })
    await laptop.contact('Second Tab').waitFor()
    await phone.contact('Second Tab').waitFor()
    await phone.add({ Name: 'First Tab', 'E-mail 1': 'first@example.com' })
    await laptopInSecond.contact('First Tab').waitFor()

    await page.close()
    await laptopInSecond.edit('Second Tab', 'Name', 'Still here')
    await deviceView(second, 'phone').contact('Still here').waitFor()

    const third = await second.context().newPage()
    await third.goto('/')
    await deviceView(third, 'laptop').contact('Still here').waitFor()
    await second.getByRole('button', { name: 'Start over' }).click()
    await second.getByRole('button', { name: 'Wipe both' }).click()
    await laptopInSecond.button('Create an account').waitFor()
    await deviceView(third, 'laptop').button('Create an account').waitFor()
    await laptopInSecond.createAccount()
    await eventually(() => deviceView(third, 'laptop').field('Search contacts').count()).toBe(1)
  },
)
