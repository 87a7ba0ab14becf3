// Devices of one account whose log is long enough to be summed up.
import { createHash } from 'node:crypto'
import type { DocumentId } from '@owlivion/sync-protocol'
import type { DocumentState } from '../../../src/sync/document/document-state'
import { type ContextOptions, TestAccount } from './account'
import { TestDevice } from './device'
import { SnapshotLog } from './snapshot-log'

const document = new Uint8Array(16).fill(9) as DocumentId
const sha512 = (bytes: Uint8Array): Uint8Array => createHash('sha512').update(bytes).digest()

/** Of what the device's records are, edits that are not sent included. */
export const digest = (device: TestDevice): string => Buffer.from(device.sync.registers.digest(sha512)).toString('hex')

export const codesOf = (device: TestDevice): string[] => device.context.reports.map(({ code }) => code)

export const stateOf = (device: TestDevice): DocumentState => (device.sync as unknown as { state: DocumentState }).state

/** Text that does not deflate. */
export const noise = (seed: number, length: number): string => {
  let text = ''
  for (let i = 0; text.length < length; i++) text += Buffer.from(sha512(Buffer.from(`${seed}/${i}`))).toString('base64')
  return text.slice(0, length)
}

export class CompactionWorld {
  private constructor(
    readonly account: TestAccount,
    readonly log: SnapshotLog,
  ) {}

  static async create(devices = 4): Promise<CompactionWorld> {
    const account = await TestAccount.create(devices)
    return new CompactionWorld(account, new SnapshotLog(await account.context(0), document))
  }

  /** A device of the account that has heard everything. */
  async open(index: number, options: ContextOptions = {}): Promise<TestDevice> {
    const device = await TestDevice.open(this.account, index, document, options)
    await device.connect()
    await this.log.serve(device)
    return device
  }

  async edit(device: TestDevice, id: string, fields: Record<string, string>): Promise<void> {
    const kind = device.sync.registers.has(id) ? 'update' : 'add'
    await device.sync.transact([{ kind, id, fields }]).stored
    await this.log.serve(device)
  }

  /** So many edits to one record that its log is far longer than what it holds. */
  async writeMuch(device: TestDevice, count = 60, field = 'note'): Promise<void> {
    for (let i = 0; i < count; i++) await this.edit(device, 'one', { [field]: `${i} ${noise(i, 1_800)}` })
  }

  /** Long enough for everything that these devices do by themselves after a while. */
  async rest(...devices: readonly TestDevice[]): Promise<void> {
    await this.log.serve(...devices)
    for (let i = 0; i < 3; i++) await this.log.wait(30_000, ...devices)
  }

  /** The first device wrote much; it is summed up and, when there are others, found true. */
  async summedUp(...others: readonly number[]): Promise<{ readonly ann: TestDevice; readonly others: TestDevice[] }> {
    const ann = await this.open(0)
    const rest: TestDevice[] = []
    for (const index of others) rest.push(await this.open(index))
    await this.writeMuch(ann)
    await this.rest(ann, ...rest)
    return { ann, others: rest }
  }
}
