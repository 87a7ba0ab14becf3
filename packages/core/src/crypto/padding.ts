// Sizes tell. Content is brought to one of few sizes before it is sealed, so that the relay cannot tell a telephone number from
// a note by its length.
//
//   compression 1 · content length varuint · content · zeros up to the bucket

/** The small sizes. Above them PADMÉ (Nikitin et al., "Reducing Metadata Leakage", 2019) costs at most 12 %. */
const buckets = [64, 128, 256, 512] as const

export interface PaddedContent {
  readonly compressed: boolean
  readonly content: Uint8Array
}

/** The size to which `length` bytes are padded. */
export function paddedLength(length: number): number {
  return buckets.find((bucket) => length <= bucket) ?? padme(length)
}

/** Keeps as many leading bits of a length as its magnitude needs bits to write, and rounds up the rest. */
function padme(length: number): number {
  const exponent = bitLength(length) - 1
  const keptBits = bitLength(exponent)
  const step = 2 ** (exponent - keptBits)
  return Math.ceil(length / step) * step
}

function bitLength(value: number): number {
  return 32 - Math.clz32(value)
}

export function pad({ compressed, content }: PaddedContent): Uint8Array {
  const prefix = [compressed ? 1 : 0]
  let rest = content.length
  for (; rest >= 128; rest = Math.floor(rest / 128)) prefix.push((rest % 128) + 128)
  prefix.push(rest)
  const padded = new Uint8Array(paddedLength(prefix.length + content.length))
  padded.set(prefix)
  padded.set(content, prefix.length)
  return padded
}

/**
 * The inverse of `pad`; the content is a view. Undefined when the bytes are none that `pad` makes: one content has one padded form,
 * so that padding hides nothing of its own.
 */
export function unpad(padded: Uint8Array): PaddedContent | undefined {
  const compression = padded[0]
  if (compression !== 0 && compression !== 1) return undefined
  let length = 0
  let position = 1
  for (let unit = 1; ; unit *= 128) {
    const byte = padded[position++]
    // Five groups of seven bits are more than any length here.
    if (byte === undefined || position > 6) return undefined
    length += (byte % 128) * unit
    if (byte >= 128) continue
    if (byte === 0 && unit > 1) return undefined
    break
  }
  const end = position + length
  if (end > padded.length || padded.length !== paddedLength(end)) return undefined
  for (let i = end; i < padded.length; i++) if (padded[i] !== 0) return undefined
  return { compressed: compression === 1, content: padded.subarray(position, end) }
}
