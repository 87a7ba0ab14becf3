// What opening and joining cost in a process that did nothing before, from a copy of a relay's and a device's files.
import { joinAccount, openAccount, openMemoryStore } from '@owlivion/sync'
import { openSqliteStore } from '@owlivion/sync/sqlite'
import type { BenchContact } from '../contacts'
import { quantile } from '../statistics'
import { VirtualWorld } from './virtual-world'

const ROUNDS = 5

/** Medians of a few rounds. */
export interface Opening {
  readonly openMs: number
  readonly joinMs: number
  /** What the joining device received. */
  readonly joinBytes: number
}

async function measureOpening(files: string, timeMs: number, size: number, recoveryPhrase: string): Promise<Opening> {
  const openMs: number[] = []
  const joinMs: number[] = []
  let joinBytes = 0
  for (let round = 0; round < ROUNDS; round++) {
    const world = new VirtualWorld(timeMs, files)
    openMs.push(
      await timeOf(async () => {
        const store = await openSqliteStore(world.pathOf('author.db'))
        const sync = await openAccount({ platform: world.platform(), store, online: false })
        const { size: opened } = await sync.open<BenchContact>('contacts')
        if (opened !== size) throw new Error(`${opened} contacts instead of ${size}`)
        return sync
      }),
    )
    const bytes = { sent: 0, received: 0 }
    joinMs.push(
      await timeOf(async () => {
        const join = joinAccount({
          platform: world.platform(bytes),
          store: openMemoryStore(),
          relay: world.relayUrl,
          deviceName: 'newcomer',
          recoveryPhrase,
        })
        const sync = await world.outcomeOf(join)
        const contacts = await sync.open<BenchContact>('contacts')
        await world.until(() => contacts.size === size && sync.status.isGreen)
        return sync
      }),
    )
    joinBytes = bytes.received
    await world.close()
  }
  return { openMs: quantile(openMs, 0.5), joinMs: quantile(joinMs, 0.5), joinBytes }
}

async function timeOf(open: () => Promise<{ close(): Promise<void> }>): Promise<number> {
  const startMs = performance.now()
  const opened = await open()
  const tookMs = performance.now() - startMs
  await opened.close()
  return tookMs
}

const [files, timeMs, size, recoveryPhrase] = process.argv.slice(2) as [string, string, string, string]
console.log(JSON.stringify(await measureOpening(files, Number(timeMs), Number(size), recoveryPhrase)))
