// A browser that has no room left for the site, in the midst of its use: with the real quota of Chromium.
import { expect } from 'vitest'
import { checkScreen } from './support/accessibility'
import { eventually, itInChromium, openPair, relay, withDemo } from './support/demo'

withDemo()

itInChromium(
  'what is written while the browser has no room stays, is said not to be stored, and is stored and sent later',
  async () => {
    const { page, laptop, phone } = await openPair({ isTroubled: true })
    await laptop.add({ Name: 'Ida Berg', 'E-mail 1': 'ida@berg.example' })
    await phone.contact('Ida Berg').waitFor()
    const browser = await page.context().newCDPSession(page)
    const origin = new URL(relay.url).origin
    await browser.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 })

    const problem = laptop.view.getByRole('alert')
    // Chromium remembers for a while how much room was left.
    for (let n = 0; (await problem.count()) === 0; n++) await laptop.edit('Ida Berg', 'Notes', `Said on train ${n}`)
    expect(await problem.innerText()).toMatch(/no more storage.*kept in memory/)
    await laptop.add({ Name: 'Jan Moor', 'E-mail 1': 'jan@moor.example' })
    await laptop.contact('Jan Moor').waitFor()
    await laptop.edit('Ida Berg', 'Notes', 'Said at home')
    await checkScreen(page, 'no room')
    // What is not stored here is not sent: after a crash its number would be given to something else.
    expect(await phone.view.innerText()).not.toContain('Jan Moor')

    await browser.send('Storage.overrideQuotaForOrigin', { origin })
    await phone.contact('Jan Moor').waitFor()
    await eventually(() => problem.count()).toBe(0)
    await page.reload()
    await laptop.contact('Jan Moor').waitFor()
    await laptop.contact('Ida Berg').click()
    await laptop.view.getByText('Said at home').waitFor()
  },
)
