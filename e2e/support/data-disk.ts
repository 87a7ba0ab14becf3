// A disk of a few megabytes that a test can fill and make read-only, as a relay's data folder. It is a file system in memory,
// and mounting one takes root; a user's own permissions do for a read-only folder, since they bind everybody but root.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished, type TestContext } from 'vitest'
import { temporaryFolder } from './temporary-folder'

export interface DataDisk {
  readonly folder: string
  /** Leaves no room for a single byte more. */
  fill(): void
  empty(): void
  /** Nothing on it may be open for writing. */
  makeReadOnly(): void
  makeWritable(): void
}

const FILLER = 'filler'
const isRoot = process.getuid?.() === 0

/** Skips the test, and says so, where this machine does not let the test have what it needs. */
export function openDataDisk(context: TestContext, needs: { readonly limit: boolean }): DataDisk {
  const folder = join(temporaryFolder(), 'disk')
  mkdirSync(folder)
  if (isRoot) {
    if (!run('mount', '-t', 'tmpfs', '-o', 'size=3m,mode=700', 'tmpfs', folder)) skip(context)
    onTestFinished(() => void run('umount', '--lazy', folder))
  } else if (needs.limit) skip(context)
  const data = join(folder, 'data')
  return {
    folder: data,
    fill() {
      // Ever smaller, so that the last page is taken too.
      for (const size of [65_536, 4_096, 1]) for (let i = 0; appended(join(folder, `${FILLER}-${size}`), size, i); i++);
    },
    empty() {
      for (const name of readdirSync(folder)) if (name.startsWith(FILLER)) rmSync(join(folder, name))
    },
    makeReadOnly() {
      if (isRoot) run('mount', '-o', 'remount,ro', folder)
      else setMode(data, 0o500, 0o400)
    },
    makeWritable() {
      if (isRoot) run('mount', '-o', 'remount,rw', folder)
      else setMode(data, 0o700, 0o600)
    },
  }
}

function skip(context: TestContext): void {
  const reason = 'a disk of its own for a test takes root and the right to mount'
  process.stderr.write(`SKIPPED: ${context.task.name}: ${reason}\n`)
  context.skip(reason)
}

function run(command: string, ...arguments_: readonly string[]): boolean {
  return spawnSync(command, arguments_, { stdio: 'ignore' }).status === 0
}

/** False when there is no room for it. */
function appended(path: string, size: number, index: number): boolean {
  try {
    writeFileSync(`${path}-${index}`, Buffer.alloc(size))
    return true
  } catch {
    // No room; what did fit stays and takes its place.
    return false
  }
}

function setMode(folder: string, folderMode: number, fileMode: number): void {
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), fileMode)
  chmodSync(folder, folderMode)
}
