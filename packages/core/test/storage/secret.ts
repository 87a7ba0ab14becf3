// A value that would be recognised wherever it turns up.
export const secret = new TextEncoder().encode(
  'Nobody but the profile key may see this sentence on a disk, whole or in parts.',
)

export function holds(bytes: Uint8Array, searched: Uint8Array): boolean {
  for (let start = bytes.indexOf(searched[0]!); start >= 0; start = bytes.indexOf(searched[0]!, start + 1))
    if (searched.every((byte, index) => bytes[start + index] === byte)) return true
  return false
}
