import type { CardFile } from './import-cards'

/** The files' bytes: a card may name its own character set, which reading it as text would lose. */
export function readCardFiles(files: Iterable<File>): Promise<CardFile[]> {
  return Promise.all(
    [...files].map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })),
  )
}
