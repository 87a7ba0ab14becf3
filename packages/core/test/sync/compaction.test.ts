// Long logs are summed up: who makes a snapshot, who judges it, and who goes on from it. What a document holds must be the same for
// everybody, whoever did what in between.
import { createHash } from 'node:crypto'
import { bytesEqual, type DocumentId } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { openMemoryStore } from '../../src/storage'
import { type ContextOptions, TestAccount } from './support/account'
import { TestDevice } from './support/device'
import { settle } from './support/fake-platform'
import { SnapshotLog } from './support/snapshot-log'

const document = new Uint8Array(16).fill(9) as DocumentId
const sha512 = (bytes: Uint8Array): Uint8Array => createHash('sha512').update(bytes).digest()
const digest = (device: TestDevice): string => Buffer.from(device.sync.registers.digest(sha512)).toString('hex')
const DAY_MS = 86_400_000

let account: TestAccount
let log: SnapshotLog

beforeEach(async () => {
  account = await TestAccount.create(4)
  log = new SnapshotLog(await account.context(0), document)
})

const open = async (index: number, options: ContextOptions = {}): Promise<TestDevice> => {
  const device = await TestDevice.open(account, index, document, options)
  await device.connect()
  await log.serve(device)
  return device
}

const edit = async (device: TestDevice, id: string, fields: Record<string, string>): Promise<void> => {
  const kind = device.sync.registers.has(id) ? 'update' : 'add'
  await device.sync.transact([{ kind, id, fields }]).stored
  await log.serve(device)
}

/** So many edits to one record that its log is far longer than what it holds. */
const writeMuch = async (device: TestDevice, count = 90, field = 'note'): Promise<void> => {
  for (let i = 0; i < count; i++) await edit(device, 'one', { [field]: `${i} ${noise(i, 1_200)}` })
}

/** Text that does not deflate. */
const noise = (seed: number, length: number): string => {
  let text = ''
  for (let i = 0; text.length < length; i++) text += sha512(Buffer.from(`${seed}/${i}`)).toString('base64')
  return text.slice(0, length)
}

const codesOf = (device: TestDevice): string[] => device.context.reports.map(({ code }) => code)
const stateOf = (device: TestDevice) =>
  (device.sync as unknown as { state: import('../../src/sync/document-state').DocumentState }).state

describe('a long log', () => {
  it('is summed up by one of the devices that have it, and the others find that true', async () => {
    const ann = await open(0)
    const bob = await open(1)
    await writeMuch(ann)
    await log.serve(ann, bob)
    expect(log.snapshots).toEqual([])
    await log.wait(30_000, ann, bob)
    await log.wait(30_000, ann, bob)
    expect(log.snapshots.length).toBe(1)
    expect(log.current?.verdicts.map(({ verdict }) => verdict)).toEqual(['accept'])
    expect(log.current?.file.length).toBeLessThan(8_000)
    expect([...codesOf(ann), ...codesOf(bob)]).toEqual([])
  })
})
