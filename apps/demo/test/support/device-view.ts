// One of the page's two devices, as a person handles it.
import type { Locator, Page } from 'playwright'

export interface DeviceView {
  readonly view: Locator
  /** Row of the list. */
  contact(name: string): Locator
  button(name: string | RegExp): Locator
  field(label: string): Locator
  goOffline(): Promise<void>
  goOnline(): Promise<void>
  /** Makes the account, writes the phrase down, confirms it and answers with it. */
  createAccount(): Promise<string>
  /** Reads the 24 words that are shown. */
  phrase(): Promise<string>
  /** Goes on from the 24 words to the check, and passes it. */
  confirmPhrase(): Promise<string>
  /** Opens a part of "Devices and keys". */
  openSection(name: 'Devices' | 'Recovery phrase' | 'Password' | 'Security log'): Promise<void>
  /** Opens the screen that says when the device syncs, and what. */
  openSync(): Promise<void>
  /** Presses a button that asks first, and says yes. */
  press(name: string, yes: string): Promise<void>
  /** Shows a pairing code, as text for a camera or as short code. */
  pairingCode(kind: 'scanned' | 'typed'): Promise<string>
  /** Fills in the form for a new contact. */
  add(fields: Readonly<Record<string, string>>): Promise<void>
  /** Opens the contact, writes into one field, and saves. */
  edit(contact: string, field: string, value: string): Promise<void>
}

export function deviceView(page: Page, device: 'laptop' | 'phone'): DeviceView {
  const view = page.locator(`[data-device=${device}]`)
  const button = (name: string | RegExp) => view.getByRole('button', { name })
  const field = (label: string) => view.getByLabel(label, { exact: true })
  const contact = (name: string) => view.locator('.contact-row', { hasText: name })
  const setNetwork = async (isOn: boolean) => {
    const network = view.getByRole('switch')
    if ((await network.getAttribute('aria-checked')) !== String(isOn)) await network.click()
  }
  const phrase = async () => {
    const list = view.getByRole('list', { name: 'Recovery phrase' })
    await list.waitFor()
    const words = await list.getByRole('listitem').allInnerTexts()
    return words.map((word) => word.replace(/[^a-z]/g, '')).join(' ')
  }
  const confirmPhrase = async () => {
    const shown = await phrase()
    await button('I have written them down').click()
    const fields = view.getByLabel(/^Word \d+$/)
    await fields.first().waitFor()
    for (const each of await fields.all()) {
      const id = await each.getAttribute('id')
      const label = await view.locator(`label[for="${id}"]`).innerText()
      await each.fill(shown.split(' ')[Number(label.replace(/\D/g, '')) - 1] ?? '')
    }
    await button('Confirm').click()
    return shown
  }
  return {
    view,
    button,
    field,
    contact,
    goOffline: () => setNetwork(false),
    goOnline: () => setNetwork(true),
    phrase,
    confirmPhrase,
    createAccount: async () => {
      await button('Create an account').click()
      const shown = await confirmPhrase()
      await field('Search contacts').waitFor()
      return shown
    },
    openSection: async (name) => {
      const sections = view.getByRole('navigation', { name: /^Devices and keys/ })
      if (!(await sections.isVisible()))
        await view.getByRole('button', { name: 'Devices and keys', exact: true }).click()
      await sections.getByRole('button', { name }).click()
    },
    openSync: async () => {
      await view.getByRole('button', { name: 'Sync', exact: true }).click()
      await field('When to sync').waitFor()
    },
    press: async (name, yes) => {
      await view.getByRole('button', { name, exact: true }).click()
      await view.locator('dialog[open]').getByRole('button', { name: yes }).click()
    },
    pairingCode: async (kind) => {
      await button('Show a pairing code').click()
      if (kind === 'scanned') return field('The pairing code as text').inputValue()
      return view.getByTestId('typed-code').innerText()
    },
    add: async (fields) => {
      await button('Add a contact').click()
      for (const [label, value] of Object.entries(fields)) await field(label).fill(value)
      await button('Save').click()
    },
    edit: async (name, label, value) => {
      // Where there is no room for both, the list is behind what was open last.
      const back = button('Back to the list')
      if (await back.isVisible()) await back.click()
      await contact(name).click()
      await button('Edit').click()
      await field(label).fill(value)
      await button('Save').click()
    },
  }
}
