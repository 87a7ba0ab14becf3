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
  /** Makes the account, puts the phrase away and answers it. */
  createAccount(): Promise<string>
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
  return {
    view,
    button,
    field,
    contact,
    goOffline: () => setNetwork(false),
    goOnline: () => setNetwork(true),
    createAccount: async () => {
      await button('Create an account').click()
      const list = view.getByRole('list', { name: 'Recovery phrase' })
      await list.waitFor()
      const words = await list.getByRole('listitem').allInnerTexts()
      await button('I have written them down').click()
      return words.map((word) => word.replace(/[^a-z]/g, '')).join(' ')
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
