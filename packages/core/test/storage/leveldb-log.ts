// How the files end that Chromium's IndexedDB writes record by record. They are those of LevelDB: blocks of 32 KiB, in which each piece of a
// record has a header of 7 bytes (checksum, length, type).
import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const BLOCK_BYTES = 32_768
const HEADER_BYTES = 7
/** Types of pieces: a whole record, or the first, a middle and the last one of it. */
const [FIRST, MIDDLE] = [2, 3]

/**
 * Whether a killed Chromium was in the middle of writing a record of IndexedDB.
 *
 * It writes header and payload one after the other, so a kill can come between them. The next start passes over such an end, rightly: nobody
 * was told that the record is written. But it also goes on writing behind it in the same file, and the start after that takes the
 * place for damage ("Corruption: checksum mismatch") and replaces the whole database by an empty one. That is a fault of LevelDB
 * (github.com/google/leveldb/issues/1287), that no site can do anything about. Measured with Chromium 156: one kill of 300 on a
 * busy machine, and every kill that was made to come there.
 */
export function isCutInRecord(profileFolder: string): boolean {
  return logsOf(profileFolder).some((path) => endsInRecord(readFileSync(path)))
}

/** Leaves what a kill between header and payload leaves: the header of one more record than there is. */
export function cutInRecord(profileFolder: string): void {
  for (const path of logsOf(profileFolder).filter((each) => each.endsWith('.log'))) {
    const leftInBlock = BLOCK_BYTES - (statSync(path).size % BLOCK_BYTES)
    // A record with a payload begins where at least one byte of it has room behind the header.
    const padding = leftInBlock > HEADER_BYTES ? 0 : leftInBlock
    appendFileSync(path, Uint8Array.of(...new Uint8Array(padding), 1, 2, 3, 4, 200, 0, 1))
  }
}

/** Leaves nothing to read of the list of files that each database begins with. */
export function damageDatabases(profileFolder: string): void {
  for (const path of logsOf(profileFolder).filter((each) => /MANIFEST-\d+$/.test(each)))
    writeFileSync(path, new Uint8Array(statSync(path).size).fill(255))
}

/** The files of all databases that grow record by record. */
function logsOf(profileFolder: string): string[] {
  return readdirSync(profileFolder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.indexeddb\.leveldb[/\\](\d+\.log|MANIFEST-\d+)$/.test(path))
    .map((path) => join(profileFolder, path))
}

function endsInRecord(log: Uint8Array): boolean {
  const view = new DataView(log.buffer, log.byteOffset, log.length)
  let at = 0
  let type = 0
  while (at < log.length) {
    const leftInBlock = BLOCK_BYTES - (at % BLOCK_BYTES)
    if (leftInBlock < HEADER_BYTES) {
      at += leftInBlock
      continue
    }
    if (at + HEADER_BYTES > log.length) return true
    type = view.getUint8(at + 6)
    at += HEADER_BYTES + view.getUint16(at + 4, true)
    if (at > log.length) return true
  }
  return type === FIRST || type === MIDDLE
}
