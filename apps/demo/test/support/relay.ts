// A relay as a process of its own, which serves the app from its own origin, as `npm run demo` starts it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'

export interface RelayProcess {
  readonly url: string
  /** Every byte it keeps on disk at the moment, database and write-ahead log. */
  storedBytes(): Buffer
  /** What somebody with the relay's database does: takes this row out of the audit log of every account. */
  dropAuditRow(number: number): void
  /** It comes back at the same address with an empty disk, as after an accident without a backup. */
  loseEverything(): Promise<void>
  /** Starts it again at its address, as a site that may ask for passkeys: which one that is it must be told at the start. */
  allowPasskeys(): Promise<void>
  stop(): Promise<void>
}

export async function startRelay(appFolder: string): Promise<RelayProcess> {
  const data = mkdtempSync(join(tmpdir(), 'owlivion-demo-relay-'))
  const main = fileURLToPath(import.meta.resolve('@owlivion/relay')).replace(/index\.ts$/, 'main.ts')
  const source = ['--conditions=@owlivion/source', '--import', import.meta.resolve('tsx')]
  const start = async (
    port: string,
    more: readonly string[] = [],
  ): Promise<{ readonly child: ChildProcess; readonly url: string }> => {
    const serve = ['serve', '--data', data, '--port', port, '--static', appFolder, '--inspect', '--log-level', 'warn']
    const signIn = ['--sign-in', '--sign-in-key', join(data, 'keys', 'sign-in.json')]
    const child = spawn(process.execPath, [...source, main, ...serve, ...signIn, ...more], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const url = await new Promise<string>((resolve, reject) => {
      const read = (chunk: Buffer) => {
        output += chunk
        const address = /relay ready on (http:\S+)/.exec(output)?.[1]
        // By name: a page of an address of its own is what people open, and what browsers count as safe.
        if (address) resolve(address.replace('127.0.0.1', 'localhost'))
      }
      child.stdout.on('data', read)
      child.stderr.on('data', read)
      child.once('exit', () => reject(new Error(`The relay did not start:\n${output}`)))
    })
    return { child, url }
  }
  const { url, ...first } = await start('0')
  let { child } = first
  const end = async (): Promise<void> => {
    const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined
    child.kill('SIGTERM')
    await ended
  }
  return {
    url,
    storedBytes: () =>
      Buffer.concat(
        readdirSync(data, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => readFileSync(join(entry.parentPath, entry.name))),
      ),
    dropAuditRow: (number) => {
      const database = new Database(join(data, 'relay.db'))
      database.prepare('DELETE FROM audit WHERE n = ?').run(number)
      database.close()
    },
    loseEverything: async () => {
      await end()
      for (const name of readdirSync(data)) rmSync(join(data, name), { recursive: true })
      child = (await start(new URL(url).port)).child
    },
    allowPasskeys: async () => {
      await end()
      child = (await start(new URL(url).port, ['--passkey-origin', url.replace(/\/$/, '')])).child
    },
    stop: async () => {
      await end()
      rmSync(data, { recursive: true, force: true })
    },
  }
}
