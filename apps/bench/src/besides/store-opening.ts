// From opening a device's own store to a book that can be used, in a process that did nothing before.
//
//   node … store-opening.ts FILE COUNT     opens it and prints the milliseconds
import { execFile } from 'node:child_process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { createAccount, openAccount } from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'
import { openSqliteStore } from '@owlivion/sync/sqlite'
import { type BenchContact, createContacts } from '../contacts'
import { quantile } from '../statistics'
import { startRelay } from './relay-process'
import { temporaryFolder } from './temporary-folder'

const ROUNDS = 5
/** A log that is at the relay is folded when nothing came for two seconds. */
const FOLD_MS = 5_000

/** @returns milliseconds, the median of a few processes */
export async function measureStoreOpening(contactCount: number): Promise<number> {
  const folder = temporaryFolder()
  const file = folder.pathOf('device.db')
  const relay = await startRelay()
  const { sync } = await createAccount({
    platform: nodePlatform(),
    store: await openSqliteStore(file),
    relay: relay.url,
    deviceName: 'bench',
  })
  const contacts = await sync.open<BenchContact>('contacts')
  await contacts.addAll(createContacts(contactCount))
  await sync.flush()
  await new Promise((resolve) => setTimeout(resolve, FOLD_MS))
  await sync.close()
  await relay.stop()
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...process.execArgv,
      fileURLToPath(import.meta.url),
      file,
      String(contactCount),
    ])
    times.push(Number(stdout))
  }
  folder.remove()
  return quantile(times, 0.5)
}

async function open(file: string, contactCount: number): Promise<number> {
  const startMs = performance.now()
  const sync = await openAccount({ platform: nodePlatform(), store: await openSqliteStore(file), online: false })
  const contacts = await sync.open<BenchContact>('contacts')
  const [first] = contacts.ids()
  const name = first === undefined ? undefined : contacts.get(first)?.name
  const tookMs = performance.now() - startMs
  if (name === undefined || contacts.size !== contactCount) throw new Error('The book is not whole.')
  await sync.close()
  return tookMs
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [file, contactCount] = process.argv.slice(2) as [string, string]
  console.log(await open(file, Number(contactCount)))
}
