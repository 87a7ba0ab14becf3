// What a simulator may look at that an app does not see.
import { bytesToHex, countRebases, type DocumentId } from '@owlivion/sync-protocol'
import type { Collection, RecordFields } from '../collection'
import type { Registers } from '../document'

/** The records under a collection, with every value that stands, as they are now: another object after they were written again. */
export function registersOf<T extends RecordFields<T>>(collection: Collection<T>): Registers {
  // biome-ignore lint/complexity/useLiteralKeys: the only way to what an app may not see
  return collection['sync']().registers
}

/** What a relay calls the document under a collection, in hex. Only where no other tab leads. */
export function documentOf<T extends RecordFields<T>>(collection: Collection<T>): string {
  // biome-ignore lint/complexity/useLiteralKeys: the only way to what an app may not see
  const { document } = collection['sync']() as unknown as { readonly document: DocumentId }
  return bytesToHex(document)
}

/** How far a document has come on a device. */
export interface AppliedHistory {
  /** How often the document was rebased. */
  readonly rebases: number
  /**
   * By writer: up to which of its transactions all are in the log as this device has it, or were before that was taken back to heal a relay:
   * the document keeps those.
   */
  readonly context: ReadonlyMap<string, number>
}

/** What the device says that the records under a collection are made of. Only where no other tab leads. */
export function appliedIn<T extends RecordFields<T>>(collection: Collection<T>): AppliedHistory {
  // biome-ignore lint/complexity/useLiteralKeys: the only way to what an app may not see
  const { state } = collection['sync']() as unknown as { readonly state: StateOfDocument }
  const context = new Map(state.replica.state.context)
  for (const [writer, n] of state.returning?.before.context ?? [])
    context.set(writer, Math.max(n, context.get(writer) ?? 0))
  return { rebases: countRebases(state.documentEpoch), context }
}

interface StateOfDocument {
  readonly documentEpoch: number
  readonly replica: { readonly state: { readonly context: ReadonlyMap<string, number> } }
  readonly returning: { readonly before: { readonly context: ReadonlyMap<string, number> } } | undefined
}
