// What a person's edit costs the thread that draws the screen, and the processor altogether.
import { createAccount } from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'
import { openSqliteStore } from '@owlivion/sync/sqlite'
import { type BenchContact, createContacts } from '../contacts'
import { quantile } from '../statistics'
import { temporaryFolder } from './temporary-folder'

const EDITS = 1_000

export interface EditFigures {
  /** Milliseconds that the call takes. */
  readonly callP50: number
  readonly callP99: number
  /** Milliseconds of processor time an edit, until it is stored. */
  readonly cpuMs: number
}

export async function measureEdits(contactCount: number): Promise<EditFigures> {
  const folder = temporaryFolder()
  const { sync } = await createAccount({
    platform: nodePlatform(),
    store: await openSqliteStore(folder.pathOf('device.db')),
    relay: 'ws://127.0.0.1:1',
    deviceName: 'bench',
    online: false,
  })
  const contacts = await sync.open<BenchContact>('contacts')
  const records = createContacts(contactCount)
  await contacts.addAll(records)
  const before = process.cpuUsage()
  const times: number[] = []
  for (let edit = 0; edit < EDITS; edit++) {
    const [id] = records[(edit * 7_919) % contactCount] as (typeof records)[number]
    const from = performance.now()
    const stored = contacts.update(id, { note: `note ${edit}` })
    times.push(performance.now() - from)
    await stored
  }
  const { user, system } = process.cpuUsage(before)
  await sync.close()
  folder.remove()
  return { callP50: quantile(times, 0.5), callP99: quantile(times, 0.99), cpuMs: (user + system) / 1e3 / EDITS }
}
