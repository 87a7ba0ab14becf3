import type { Writer } from '../document'

let latest: { readonly writer: Writer; readonly bytes: Uint8Array } | undefined

/** The 48 bits of a writer's name, as they travel. To be read only: a device writes as one writer for long, and gets the same bytes each time. */
export function writerToBytes(writer: Writer): Uint8Array {
  if (latest?.writer !== writer) latest = { writer, bytes: bytesOf(writer) }
  return latest.bytes
}

function bytesOf(writer: Writer): Uint8Array {
  return Uint8Array.from(atob(writer.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
}

export function writerFromBytes(bytes: Uint8Array): Writer {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_') as Writer
}
