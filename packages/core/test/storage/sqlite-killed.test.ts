import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { openSqliteStore } from '../../src/storage/sqlite'
import { lastWholeBatch } from './numbered-batches'

const folder = mkdtempSync(join(tmpdir(), 'owlivion-killed-'))
const path = join(folder, 'store.db')
const writer = fileURLToPath(new URL('sqlite-writer.ts', import.meta.url))
const kills = 12

let child: ChildProcessByStdio<null, Readable, Readable> | undefined
afterAll(() => {
  child?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** Starts the writer; the returned function answers the last number it acknowledged so far. */
async function startWriter(): Promise<() => number> {
  child = spawn(process.execPath, ['--conditions=@owlivion/source', '--import', 'tsx', writer, path], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk
  })
  const exited = once(child, 'exit').then(() => {
    throw new Error(`The writer ended by itself: ${errors}`)
  })
  exited.catch(() => {})
  await Promise.race([once(child.stdout, 'data'), exited])
  return () => Number(output.slice(0, output.lastIndexOf('\n')).split('\n').at(-1))
}

it(`a process killed ${kills} times in mid-write loses nothing it acknowledged and leaves only whole batches`, async () => {
  let previous = 0
  for (let kill = 0; kill < kills; kill++) {
    const acknowledged = await startWriter()
    await expect(openSqliteStore(path), 'the writer has the file').rejects.toMatchObject({ code: 'profile-in-use' })
    // Any moment will do; the steps are uneven so that the kill meets every phase of a commit.
    await new Promise((resolve) => setTimeout(resolve, (kill * 37) % 101))
    child!.kill('SIGKILL')
    // Closed, not only ended: until then there may be output to read.
    await once(child!, 'close')

    const store = await openSqliteStore(path)
    const last = await lastWholeBatch(store)
    await store.close()
    expect(last).toBeGreaterThanOrEqual(acknowledged())
    // At most the one batch whose acknowledgement was still to be written.
    expect(last).toBeLessThanOrEqual(acknowledged() + 1)
    expect(acknowledged()).toBeGreaterThan(previous)
    previous = last
  }
}, 300_000)
