// The profile key in a file of its own. What protects it is the system's: the file belongs to one user, and what others could read is not
// taken for a secret.
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { bytesToHex, hexToBytes } from '@owlivion/sync-protocol'
import { SyncError } from '../errors'
import { nodeRandom } from '../platform/node-random'
import { storageFailure } from './failure'
import { checkedProfileKey, type KeyVault } from './key-vault'

/** Says to who finds the file what it is; the key follows as 64 hexadecimal digits. */
const HEADER = 'Profile key of Owlivion Sync, version 1. Without it the store it belongs to cannot be read.\n'
const content = new RegExp(`^${HEADER.trimEnd()}\\r?\\n([0-9a-f]{64})\\r?\\n?$`)
/** File systems without hard links say one of these. */
const noLinks: ReadonlySet<unknown> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/**
 * Keeps the profile key in the file at `path`, readable by this user only.
 *
 * Its calls reject with SyncError `profile-key-exposed` when other users may read or write the file (not asked on Windows, which has no such
 * modes), `profile-key-wrong` when it holds something else than a key, `storage-failed` for the rest.
 *
 * @example
 * const vault = keyFileVault('mail.key')
 * const store = await openSqliteStore('mail.db', { vault })
 * await store.destroy()
 */
export function keyFileVault(path: string): KeyVault {
  const file = resolve(path)
  return {
    read: async () => attempt(file, () => readKey(file)),
    keep: async (key) =>
      attempt(file, () => {
        const checked = checkedProfileKey(key)
        return readKey(file) ?? writeKey(file, checked)
      }),
    remove: async () =>
      attempt(file, () => {
        rmSync(file, { force: true })
        // Of a process that died in mid-write; one may be the key itself under its second name.
        for (const left of unfinishedFiles(file)) rmSync(left, { force: true })
        syncFolder(file)
      }),
  }
}

function attempt<T>(file: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw storageFailure(`The key file ${file} cannot be used`, error)
  }
}

function readKey(file: string): Uint8Array | undefined {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    if (process.platform !== 'win32' && (fstatSync(descriptor).mode & 0o077) !== 0)
      throw new SyncError('profile-key-exposed', `Other users of this machine have access to the key file ${file}.`)
    const key = content.exec(readFileSync(descriptor, 'utf8'))?.[1]
    if (key === undefined) throw new SyncError('profile-key-wrong', `${file} does not hold a profile key.`)
    return hexToBytes(key)
  } finally {
    closeSync(descriptor)
  }
}

/** The file appears whole and on disk, and does not take the place of one that another process made meanwhile. */
function writeKey(file: string, key: Uint8Array): Uint8Array {
  const unfinished = `${file}.${bytesToHex(nodeRandom(8))}.new`
  try {
    const descriptor = openSync(unfinished, 'wx', 0o600)
    try {
      writeFileSync(descriptor, `${HEADER}${bytesToHex(key)}\n`)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    nameFinished(unfinished, file)
  } finally {
    rmSync(unfinished, { force: true })
  }
  syncFolder(file)
  const kept = readKey(file)
  if (kept === undefined) throw new SyncError('storage-failed', `The key file ${file} was deleted while it was made.`)
  return kept
}

function nameFinished(unfinished: string, file: string): void {
  try {
    linkSync(unfinished, file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (!noLinks.has(code)) throw error
    if (!existsSync(file)) renameSync(unfinished, file)
  }
}

function unfinishedFiles(file: string): string[] {
  const folder = dirname(file)
  if (!existsSync(folder)) return []
  const start = `${basename(file)}.`
  return readdirSync(folder)
    .filter((name) => name.startsWith(start) && /^[0-9a-f]{16}\.new$/.test(name.slice(start.length)))
    .map((name) => join(folder, name))
}

/** A new name is on the disk when its folder is. */
function syncFolder(file: string): void {
  // Windows does not open folders, and writes names through by itself.
  if (process.platform === 'win32' || !existsSync(dirname(file))) return
  const descriptor = openSync(dirname(file), 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
