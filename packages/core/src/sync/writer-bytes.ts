import type { Writer } from '../document'

/** The 48 bits of a writer's name, as they travel. */
export function writerToBytes(writer: Writer): Uint8Array {
  return Uint8Array.from(atob(writer.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
}

export function writerFromBytes(bytes: Uint8Array): Writer {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_') as Writer
}
