// Devices of one account whose document is mostly past.
import { countRebases, type DocumentId } from '@owlivion/sync-protocol'
import { MIN_DEAD_STRUCTS } from '../../../src/document'
import { type ContextOptions, TestAccount } from './account'
import { stateOf } from './compaction-world'
import { TestDevice } from './device'
import { settle } from './fake-platform'
import { SnapshotLog } from './snapshot-log'

const document = new Uint8Array(16).fill(9) as DocumentId

export class RebaseWorld {
  private constructor(
    readonly account: TestAccount,
    readonly log: SnapshotLog,
  ) {}

  static async create(devices = 4): Promise<RebaseWorld> {
    const account = await TestAccount.create(devices)
    return new RebaseWorld(account, new SnapshotLog(await account.context(0), document))
  }

  /** A device of the account that has heard everything. */
  async open(index: number, options: ContextOptions = {}): Promise<TestDevice> {
    const device = await TestDevice.open(this.account, index, document, options)
    await device.connect()
    await this.log.serve(device)
    return device
  }

  /** Edits of two fields in turn, until the document is worth folding: of one alone Yjs would join what is past. */
  async wear(device: TestDevice): Promise<void> {
    if (!device.sync.registers.has('worn')) await device.add('worn', { name: '0' })
    for (let i = 0; i <= MIN_DEAD_STRUCTS; i++)
      void device.sync.transact([{ kind: 'update', id: 'worn', fields: { [i % 2 === 0 ? 'name' : 'note']: `${i}` } }])
        .stored
    await settle()
    await this.log.serve(device)
  }

  /** Long enough for everything that these devices do by themselves after a while. */
  async rest(...devices: readonly TestDevice[]): Promise<void> {
    await this.log.serve(...devices)
    for (let i = 0; i < 4; i++) await this.log.wait(30_000, ...devices)
  }
}

export const rebasesOf = (device: TestDevice): number => countRebases(stateOf(device).documentEpoch)

export const structsOf = (device: TestDevice): number => {
  const { clients } = device.sync.registers.doc.store
  return [...clients.values()].reduce((sum, structs) => sum + structs.length, 0)
}
