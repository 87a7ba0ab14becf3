// What went wrong with the disk, in a sentence for the operator. Everything here may pass: a device is told to come back.
import { RelayError } from '../../errors'

const sentences: readonly (readonly [RegExp, string])[] = [
  [/^(SQLITE_FULL|ENOSPC|EDQUOT)/, 'The disk of the data folder is full, or the database has reached its size limit.'],
  [/^(SQLITE_READONLY|EROFS)/, 'The data folder is read-only.'],
  [/^(EACCES|EPERM|SQLITE_PERM|SQLITE_AUTH)/, 'The relay may not write to its data folder.'],
  [/^SQLITE_CANTOPEN/, 'The files of the data folder cannot be opened or created.'],
  [/^(SQLITE_BUSY|SQLITE_LOCKED)/, 'Another program holds a lock on the database.'],
  [/^(SQLITE_CORRUPT|SQLITE_NOTADB)/, 'The database file is damaged; restore it from a backup.'],
  [/^(SQLITE_IOERR|EIO|SQLITE_NOMEM)/, 'The disk of the data folder reports an error.'],
]

function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** A disk's failure as `storage-unavailable`; any other error, which is a defect, as it is. */
export function toStorageError(error: unknown): unknown {
  const code = codeOf(error)
  const sentence = sentences.find(([pattern]) => pattern.test(code))?.[1]
  return sentence === undefined
    ? error
    : new RelayError('storage-unavailable', `${sentence} (${code})`, { cause: error })
}
