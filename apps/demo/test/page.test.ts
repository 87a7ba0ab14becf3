// The page as a whole: what the relay's panel shows, who can use it, and on which screens.
import { expect } from 'vitest'
import { checkScreen } from './support/accessibility'
import { eventually, itInChromium, openDemo, openPair, relay, withDemo } from './support/demo'

withDemo()

itInChromium('the relay is shown to hold boxes, and holds none of what the devices know', async () => {
  const { page, laptop, phone } = await openPair()
  const canaries = ['Quillonius', 'quill@canary.example', '+99 5550 4242', 'Vantablack Ferry']
  const [name = '', email = '', number = '', notes = ''] = canaries
  await laptop.add({ Name: name, 'E-mail 1': email, 'Phone 1': number, Notes: notes })
  await phone.contact(name).waitFor()

  const panel = page.getByRole('region', { name: 'What the relay holds' })
  await eventually(() => panel.getByTestId('plain').innerText()).toContain(email)
  await eventually(() => panel.getByTestId('sealed').innerText()).toMatch(/^([\da-f]{2} )+[\da-f]{2}$/)
  await eventually(() => panel.getByRole('row').count()).toBeGreaterThan(1)

  const shown = await (await page.request.get('/inspect')).text()
  const stored = relay.storedBytes()
  for (const canary of canaries) {
    expect(shown).not.toContain(Buffer.from(canary).toString('hex'))
    expect(shown).not.toContain(canary)
    expect(stored.includes(canary)).toBe(false)
    expect(stored.includes(Buffer.from(canary, 'utf16le'))).toBe(false)
  }
  expect(await panel.getByRole('table').innerText()).not.toContain(name)
})

itInChromium(
  'nothing on the page comes from elsewhere, and the policy of the relay allows no script in the page itself',
  async () => {
    const { page } = await openDemo()
    const answer = await page.request.get('/')
    const policy = answer.headers()['content-security-policy'] ?? ''
    expect(policy).toContain("default-src 'self'")
    // The one exception is what password sign-in needs: WebAssembly is compiled, and no text becomes code.
    expect(policy.replace("'wasm-unsafe-eval'", '')).not.toMatch(/script-src[^;]*unsafe/)
    const html = await answer.text()
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)/)
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/)
    const addresses = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name))
    expect(addresses.length).toBeGreaterThan(2)
    expect(addresses.filter((address) => new URL(address).origin !== new URL(relay.url).origin)).toEqual([])
  },
)

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1440, 390]) {
    itInChromium(
      `the page is accessible at every step, ${colorScheme} and ${width} pixels wide, and never scrolls sideways`,
      async () => {
        const { page, laptop, phone } = await openDemo({
          colorScheme,
          viewport: { width, height: 900 },
          reducedMotion: 'reduce',
        })
        const check = (step: string) => checkScreen(page, step)
        await laptop.button('Create an account').waitFor()
        await check('two new devices')
        await laptop.button('Create an account').click()
        await laptop.view.getByText('Write these 24 words down').waitFor()
        await phone.field('Recovery phrase').fill('owl')
        await phone.button('Join with the phrase').click()
        await phone.view.getByRole('alert').waitFor()
        await check('a phrase, and a wrong one')
        await laptop.button('I have written them down').click()
        await check('three words')
        await laptop.button('Show the words again').click()
        const phrase = await laptop.confirmPhrase()
        await phone.field('Recovery phrase').fill(phrase)
        await phone.button('Join with the phrase').click()
        await phone.view.getByText('No contacts yet').waitFor()
        await check('two empty books')
        await laptop.button('Add nine sample contacts').click()
        await phone.contact('Greta Lindqvist').waitFor()
        await check('an import')
        await laptop.goOffline()
        await phone.goOffline()
        if (width === 390) await laptop.button('Back to the list').click()
        await laptop.edit('Amara Okafor', 'Title', 'Publisher')
        await phone.edit('Amara Okafor', 'Title', 'Printer')
        await laptop.button('Edit').click()
        await check('an edit')
        await laptop.button('Cancel').click()
        await laptop.goOnline()
        await phone.goOnline()
        await laptop.view.locator('.conflict').waitFor()
        await check('a conflict')
        await phone.button('Delete').click()
        await phone.button('Recently deleted (1)').click()
        await check('deleted contacts')
        await page.getByRole('button', { name: 'Start over' }).click()
        await check('the question before starting over')
      },
    )
  }
}

itInChromium('everything can be done by keyboard, and the focus is never lost', async () => {
  const { page, laptop } = await openDemo({ viewport: { width: 390, height: 900 } })
  await laptop.createAccount()
  const focused = () => page.evaluate(() => document.activeElement?.textContent || document.activeElement?.ariaLabel)
  await eventually(focused).toBe('Laptop')
  await laptop.button('Add a contact').focus()
  await page.keyboard.press('Enter')
  await page.keyboard.type('Ida Berg')
  await page.keyboard.press('Enter')
  await eventually(focused).toBe('Ida Berg')
  await laptop.button('Edit').focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  await eventually(focused).toBe('Ida Berg')
  await laptop.button('Back to the list').focus()
  await page.keyboard.press('Enter')
  await eventually(focused).toContain('Ida Berg')
  await page.keyboard.press('Enter')
  await eventually(focused).toBe('Ida Berg')
  await laptop.button('Delete').focus()
  await page.keyboard.press('Enter')
  await eventually(focused).toBe('Search contacts')
})
