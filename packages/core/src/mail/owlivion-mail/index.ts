// Subpath '@owlivion/sync/owlivion-mail': what the predecessor kept on a device and on its server, made ready for the import of an account.
// For Node; needs better-sqlite3.
export { type OwlivionBlobs, type OwlivionBlobType, readOwlivionBlobs } from './blobs'
export { readOwlivionMail } from './database'
export type { MigratedData, MigrationNotice } from './migration'
