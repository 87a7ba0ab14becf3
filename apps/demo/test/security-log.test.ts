import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { eventually, itInChromium, openPair, relay, withDemo } from './support/demo'

withDemo()

itInChromium('the log tells what happened, is filtered by event and device, and leaves as CSV', async () => {
  const { page, laptop } = await openPair()
  await laptop.openSection('Devices')
  await laptop.button('Rotate keys').click()
  await laptop.view.getByText('The account has a new key.').waitFor()
  await laptop.press('Lock out Phone', 'Lock it out')
  await laptop.view.getByText('1 not in the account any more').waitFor()

  await laptop.openSection('Security log')
  const table = laptop.view.getByRole('table')
  await table.waitFor()
  const events = async () =>
    (await table.getByRole('row').allInnerTexts()).slice(1).map((row) => row.split('\t').slice(1, 4).join('|'))
  await eventually(events).toEqual(
    expect.arrayContaining([
      'Account created|Laptop|',
      'Device added||Phone',
      'Sign in|Phone|',
      'New key|Laptop|',
      'Device locked out|Laptop|Phone',
    ]),
  )
  const counts = laptop.view.getByTestId('counts')
  expect(await counts.innerText()).toMatch(/^\d+ events · .*1 account created/)
  expect(await counts.innerText()).toContain('1 device locked out')
  expect(await laptop.view.getByRole('alert').count()).toBe(0)

  await laptop.field('Event').selectOption({ label: 'New key' })
  await eventually(events).toEqual(['New key|Laptop|'])
  await eventually(() => counts.innerText()).toBe('1 event · 1 new key')
  await laptop.field('Event').selectOption({ label: 'All' })
  await laptop.field('Device').selectOption({ label: 'Phone' })
  await eventually(async () => (await events()).every((row) => row.includes('Phone'))).toBe(true)
  expect((await events()).length).toBeGreaterThan(1)

  await laptop.field('Device').selectOption({ label: 'All' })
  await eventually(async () => (await events()).length).toBeGreaterThan(5)
  const [file] = await Promise.all([page.waitForEvent('download'), laptop.button('Save as CSV').click()])
  expect(file.suggestedFilename()).toBe('security-log.csv')
  const lines = readFileSync(await file.path(), 'utf8').split('\r\n')
  expect(lines[0]).toMatch(/^number,time,event,/)
  expect(lines.some((line) => line.includes(',devices-removed,Laptop,'))).toBe(true)
  await eventually(events).toContain('Exported|Laptop|')
})

itInChromium('a row that somebody dropped from the database is missed, loudly, and marked', async () => {
  const { laptop } = await openPair()
  await laptop.openSection('Security log')
  const rows = laptop.view.getByRole('table').getByRole('row')
  await eventually(() => rows.count()).toBeGreaterThan(3)
  expect(await laptop.view.getByRole('alert').count()).toBe(0)
  relay.dropAuditRow(2)
  await laptop.button('Read again').click()
  const alert = laptop.view.getByRole('alert')
  await alert.getByText('The log is not as it was').waitFor()
  expect(await alert.innerText()).toMatch(/row 2|rows? .*2/i)
  expect(await laptop.view.getByText('Not verified').count()).toBeGreaterThan(0)
})
