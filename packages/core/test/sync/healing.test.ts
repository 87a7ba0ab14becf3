// How a device heals a document, with the relay's answers in the test's hands. What comes of it between real relays and devices is tested
// with those.
import type { DocumentId } from '@owlivion/sync-protocol'
import { expect, it } from 'vitest'
import { TestAccount } from './support/account'
import { TestDevice } from './support/device'
import { TestLog } from './support/log'

const document = new Uint8Array(16).fill(9) as DocumentId

it('waits for another device that has the lease, and tells the app nothing of it, however often the line says so', async () => {
  const account = await TestAccount.create(2)
  const log = new TestLog(await account.context(0), document)
  const device = await TestDevice.open(account, 0, document)
  await device.connect()
  await device.catchUp(log)
  await device.add('ann')
  await device.flushTo(log)
  const leases = () => device.link.sent.filter(({ type }) => type === 'lease').length
  await device.refuse('cursor-mismatch', { request: 'subscribe' })
  await device.context.platform.advance(5_000)
  await device.refuse('cursor-mismatch', { request: 'subscribe' })
  expect(leases()).toBe(1)
  device.context.reports.length = 0
  await device.refuse('lease-taken', { request: 'lease' })
  await device.refuse('lease-taken', { request: 'lease' })
  expect(device.context.reports).toEqual([])
  expect(device.sync.status.healing).toBe(true)
  await device.context.platform.advance(5_000)
  await device.refuse('cursor-mismatch', { request: 'subscribe' })
  expect(leases()).toBe(2)
})
