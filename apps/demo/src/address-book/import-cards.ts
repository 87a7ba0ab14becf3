// vCard files into the address book. Cards of people who are there already are joined with what the book says of them.
import type { Collection } from '@owlivion/sync'
import type { Contact } from '@owlivion/sync/mail'
import type { ImportRefusal } from '@owlivion/sync/transfer'
import type { LeftOut } from '@owlivion/sync/vcard'

export interface CardImport {
  readonly file: string
  readonly added: number
  /** Were in the book, and the file knew something new about them. */
  readonly joined: number
  /** Were in the book, and the file knew nothing new. */
  readonly unchanged: number
  readonly refused: readonly ImportRefusal[]
  readonly leftOut: readonly LeftOut[]
}

export interface CardFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/** @throws SyncError when the account cannot be written to */
export async function importCards(collection: Collection<Contact>, file: CardFile): Promise<CardImport> {
  // Most people never import; the parser is loaded by those who do.
  const [{ readVCards }, { applyImport, previewImport }] = await Promise.all([
    import('@owlivion/sync/vcard'),
    import('@owlivion/sync/transfer'),
  ])
  const preview = await previewImport(collection, await readVCards(file.bytes))
  const { added, changed, unchanged, refused } = await applyImport(collection, preview)
  return {
    file: file.name,
    added,
    joined: changed,
    unchanged: unchanged + preview.same.length,
    refused: [...preview.refused, ...refused],
    leftOut: preview.leftOut,
  }
}
