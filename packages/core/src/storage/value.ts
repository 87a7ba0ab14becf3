// What a store keeps is its own copy: the caller may go on using its buffer, and a view into a large buffer must not drag
// the whole of it onto the disk (which is what IndexedDB's structured clone does).
import { storageRefusal } from './failure'

/** A copy that owns its whole buffer. Throws SyncError `storage-failed` for anything but a live Uint8Array. */
export function copyValue(value: Uint8Array): Uint8Array<ArrayBuffer> {
  // By tag, not by class: a Uint8Array made in another frame or realm is as good.
  if (Object.prototype.toString.call(value) !== '[object Uint8Array]')
    throw storageRefusal('A stored value must be a Uint8Array.')
  try {
    return new Uint8Array(value)
  } catch (cause) {
    // A buffer that was transferred away reads as empty everywhere else; storing that would be silent loss.
    throw storageRefusal('The buffer of a value to store was transferred away.', cause)
  }
}
