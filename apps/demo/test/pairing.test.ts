// A new device comes into the account by a code that one screen shows and the other takes.
import { expect } from 'vitest'
import { type Demo, eventually, itInChromium, openDemo, withDemo } from './support/demo'
import type { DeviceView } from './support/device-view'

withDemo()

async function findDevice(member: DeviceView, code: string): Promise<void> {
  await member.openSection('Devices')
  await member.button('Add a device').click()
  await member.field('Pairing code').fill(code)
  await member.button('Find the device').click()
}

async function openWithAccount(options?: Parameters<typeof openDemo>[0]): Promise<Demo> {
  const demo = await openDemo(options)
  await demo.laptop.createAccount()
  await demo.laptop.add({ Name: 'Ida Berg', 'E-mail 1': 'ida@berg.example' })
  return demo
}

itInChromium('a device whose code is pasted as text joins when the other device lets it in', async () => {
  const { laptop, phone } = await openWithAccount()
  const code = await phone.pairingCode('scanned')
  await phone.view.getByRole('img', { name: 'Pairing code for a camera' }).waitFor()
  await findDevice(laptop, code)
  await laptop.view.getByText('wants to join').waitFor()
  expect(await laptop.view.getByText('wants to join').innerText()).toMatch(/^Phone, Chrome on Linux, /)
  expect(await phone.view.innerText()).not.toContain('Ida Berg')
  await laptop.button('Let it in').click()
  await laptop.view.getByText('Phone has joined the account.').waitFor()
  await phone.contact('Ida Berg').waitFor()
  await laptop.button('Back to the devices').click()
  await laptop.button('Lock out Phone').waitFor()
})

itInChromium('a typed code leads to six digits on both screens, and to nothing until both people agree', async () => {
  const { page, laptop, phone } = await openWithAccount()
  const code = await phone.pairingCode('typed')
  await eventually(() => page.evaluate(focused)).toBe('phone: Show this to a device of the account')
  await findDevice(laptop, ` ${code.toLowerCase().replace('-', ' ')}`)
  const digits = await phone.view.getByTestId('digits').innerText()
  expect(digits).toMatch(/^\d{3} \d{3}$/)
  expect(await laptop.view.getByTestId('digits').innerText()).toBe(digits)
  // The phone asks, too, and leaves the focus where somebody is at work.
  await eventually(() => page.evaluate(focused)).toBe('laptop: Does the new device show the same digits?')
  await laptop.button('The same').click()
  await laptop.view.getByText('Waiting for the person at the new device').waitFor()
  await eventually(() => page.evaluate(focused)).toBe('laptop: Add a device')
  expect(await phone.view.innerText()).not.toContain('Ida Berg')
  await phone.button('The same').click()
  await phone.contact('Ida Berg').waitFor()
  await laptop.view.getByText('Phone has joined the account.').waitFor()
})

itInChromium('different digits end it on both screens, and the next code works', async () => {
  const { laptop, phone } = await openWithAccount()
  await findDevice(laptop, await phone.pairingCode('typed'))
  await laptop.button('Different').click()
  await laptop.view.getByRole('alert').waitFor()
  await phone.view.getByRole('alert').waitFor()
  await phone.field('Recovery phrase').waitFor()
  await laptop.button('Try again').click()

  const code = await phone.pairingCode('scanned')
  await laptop.field('Pairing code').fill(code)
  await laptop.button('Find the device').click()
  await laptop.button('Let it in').click()
  await phone.contact('Ida Berg').waitFor()
})

itInChromium('a mistyped code is named as such, and a code whose device has given up leads nowhere', async () => {
  const { laptop, phone } = await openWithAccount()
  await findDevice(laptop, 'OWL0-1111')
  await eventually(() => laptop.view.getByRole('alert').innerText()).toMatch(/not a character of such a code/)
  expect(await laptop.field('Pairing code').inputValue()).toBe('OWL0-1111')
  const code = await phone.pairingCode('typed')
  await phone.button('Cancel').click()
  await phone.field('Recovery phrase').waitFor()
  expect(await phone.view.getByRole('alert').count()).toBe(0)
  await laptop.field('Pairing code').fill(code)
  await laptop.button('Find the device').click()
  await eventually(() => laptop.view.getByRole('alert').innerText()).toMatch(/The other device is gone/)
})

itInChromium("the camera's picture is read by the browser's own detector", async () => {
  const { page, laptop, phone } = await openDemo({ prepare: prepareCamera })
  await laptop.createAccount()
  const code = await phone.pairingCode('scanned')
  await laptop.openSection('Devices')
  await laptop.button('Add a device').click()
  await laptop.button('Scan').click()
  await laptop.view.getByLabel('What the camera sees').waitFor()
  await page.evaluate((text) => Object.assign(globalThis, { codeBeforeTheCamera: text }), code)
  await laptop.button('Let it in').click()
  await phone.view.getByText('No contacts yet').waitFor()
  const tracks = await page.evaluate('cameraStream.getTracks().map((track) => track.readyState)')
  expect(tracks).toEqual(['ended'])
})

itInChromium('a camera that may not be used is said so, and the code can be typed', async () => {
  const { laptop, phone } = await openDemo({ prepare: `${prepareCamera};camera = 'refused'` })
  await laptop.createAccount()
  await laptop.openSection('Devices')
  await laptop.button('Add a device').click()
  await laptop.button('Scan').click()
  await laptop.view.getByText('This page may not use the camera.').waitFor()
  await laptop.field('Pairing code').fill(await phone.pairingCode('scanned'))
  await laptop.button('Find the device').click()
  await laptop.button('Let it in').waitFor()
})

itInChromium('a device with an account of its own brings its contacts along, after a word about it', async () => {
  const { laptop, phone } = await openWithAccount()
  await phone.button('Start a separate account instead').click()
  await phone.createAccount()
  await phone.add({ Name: 'Ida B.', 'E-mail 1': 'ida@berg.example', Notes: 'Met at the lake' })
  await phone.button('Back to the list').click()
  await phone.add({ Name: 'Jo Dahl', 'E-mail 1': 'jo@dahl.example' })
  await phone.openSection('Devices')
  await phone.press('Join another account', 'Show a pairing code')
  await phone.view.getByText('The contacts of this device come along').waitFor()
  await findDevice(laptop, await phone.field('The pairing code as text').inputValue())
  await laptop.button('Let it in').click()
  await phone.view.getByText('Laptop lets this device in. Is that your account?').waitFor()
  expect(await laptop.view.innerText()).not.toContain('Jo Dahl')
  await phone.button('Bring my contacts along').click()

  await laptop.view.getByText('Phone has joined the account.').waitFor()
  await laptop.button('Back to the contacts').click()
  await laptop.contact('Jo Dahl').waitFor()
  await laptop.view.locator('.contact-row', { hasText: 'Ida B' }).click()
  await laptop.view.getByText('Met at the lake').waitFor()
  await laptop.view.getByText('Name was changed on two devices. Which one stays?').waitFor()
})

itInChromium('a device that stops joining another account has its own again, as it was', async () => {
  const { laptop, phone } = await openWithAccount()
  await phone.button('Start a separate account instead').click()
  await phone.createAccount()
  await phone.add({ Name: 'Jo Dahl', 'E-mail 1': 'jo@dahl.example' })
  await phone.openSection('Devices')
  await phone.press('Join another account', 'Show a pairing code')
  await findDevice(laptop, await phone.field('The pairing code as text').inputValue())
  await laptop.button('Refuse').click()
  await phone.view.getByRole('alert').waitFor()
  await phone.contact('Jo Dahl').waitFor()
  expect(await laptop.button(/^Lock out Phone/).count()).toBe(0)
})

/** In the page: what has the focus, and on which device. */
function focused(): string {
  const element = document.activeElement
  return `${element?.closest('[data-device]')?.getAttribute('data-device')}: ${element?.textContent}`
}

/** A detector and a camera that see what a test puts before them: the machine that runs the tests has neither. */
const prepareCamera = `
  globalThis.camera = 'allowed'
  globalThis.BarcodeDetector = class {
    async detect() {
      return globalThis.codeBeforeTheCamera ? [{ rawValue: globalThis.codeBeforeTheCamera }] : []
    }
  }
  navigator.mediaDevices.getUserMedia = async () => {
    if (globalThis.camera === 'refused') throw new DOMException('No', 'NotAllowedError')
    const canvas = document.createElement('canvas')
    canvas.getContext('2d').fillRect(0, 0, 8, 8)
    globalThis.cameraStream = canvas.captureStream(10)
    return globalThis.cameraStream
  }
`
