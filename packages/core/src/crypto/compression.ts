// Deflate, with an end to what a small box may grow to. Members are authenticated but not trusted with another's memory: one
// stolen device could otherwise fell all others with a kilobyte.
import { deflateSync, Inflate, inflateSync } from 'fflate'

/** Content up to this size stays as it is: most of it is names and random ids, and padding eats what deflate saves. */
const SMALLEST_DEFLATED_BYTES = 257

/** What one byte of deflate can stand for at most. */
const GREATEST_RATIO = 1_032
/** Input given to the inflater at once near the limit; bounds how far it can shoot past it. */
const SMALLEST_SLICE_BYTES = 512

/** Small content is inflated into one array that is kept: a fresh inflater allocates 200 KB for each entry and takes four times as long. */
const SCRATCH_BYTES = 65_536
const LARGEST_FOR_SCRATCH_BYTES = 8_192
let scratch: Uint8Array | undefined

/** Below it, calling the machine's library costs as much as it saves. */
const SMALLEST_FOR_NATIVE_BYTES = 1_024

/**
 * A library of the machine that undoes raw deflate. It answers what the stream holds, or undefined for whatever it finds wrong or larger
 * than `limitBytes`: fflate has the last word about that, so that all devices give one verdict on a damaged stream.
 */
export type Inflater = (deflated: Uint8Array, limitBytes: number) => Uint8Array | undefined

/** A library of the machine that makes raw deflate. */
export type Deflater = (content: Uint8Array) => Uint8Array

/**
 * Raw deflate of `content`, or undefined when it would not be smaller.
 * @param native leave it out where devices compare the bytes: two libraries make two streams of one content
 */
export function deflate(content: Uint8Array, native?: Deflater): Uint8Array | undefined {
  if (content.length < SMALLEST_DEFLATED_BYTES) return undefined
  const deflated = (content.length < SMALLEST_FOR_NATIVE_BYTES ? undefined : native?.(content)) ?? deflateSync(content)
  return deflated.length < content.length ? deflated : undefined
}

/** How many bytes `content` takes in an envelope, about. */
export function deflateSize(content: Uint8Array, native?: Deflater): number {
  return deflate(content, native)?.length ?? content.length
}

/** Inflates to at most `limitBytes`, and stops working, not only answering, when there would be more. */
export function inflate(
  deflated: Uint8Array,
  limitBytes: number,
  native?: Inflater,
): Uint8Array | 'too-large' | 'damaged' {
  if (deflated.length === 0) return 'damaged'
  const inflated = deflated.length < SMALLEST_FOR_NATIVE_BYTES ? undefined : native?.(deflated, limitBytes)
  if (inflated !== undefined) return inflated
  try {
    return inflateSmall(deflated, limitBytes) ?? inflateInSlices(deflated, limitBytes)
  } catch {
    // fflate throws its own errors for streams that are cut off or not deflate.
    return 'damaged'
  }
}

/** Undefined when the scratch array does not hold it; what does not fit is lost on the way, never allocated. */
function inflateSmall(deflated: Uint8Array, limitBytes: number): Uint8Array | undefined {
  if (deflated.length > LARGEST_FOR_SCRATCH_BYTES || limitBytes < SCRATCH_BYTES) return undefined
  scratch ??= new Uint8Array(SCRATCH_BYTES)
  let usedBytes = SCRATCH_BYTES
  try {
    const inflated = inflateSync(deflated, { out: scratch })
    // A full array may be one that was too small.
    if (inflated.length === SCRATCH_BYTES) return undefined
    usedBytes = inflated.length
    return inflated.slice()
  } catch {
    // Damaged, or a stored block that did not fit; the slow way tells which.
    return undefined
  } finally {
    // It would keep plain text in memory for the life of the page.
    scratch.fill(0, 0, usedBytes)
  }
}

function inflateInSlices(deflated: Uint8Array, limitBytes: number): Uint8Array | 'too-large' | 'damaged' {
  const parts: Uint8Array[] = []
  let inflatedBytes = 0
  const inflater = new Inflate((part) => {
    parts.push(part)
    inflatedBytes += part.length
  })
  let position = 0
  while (position < deflated.length) {
    const harmless = Math.floor((limitBytes - inflatedBytes) / GREATEST_RATIO)
    const next = Math.min(deflated.length, position + Math.max(SMALLEST_SLICE_BYTES, harmless))
    inflater.push(deflated.subarray(position, next), next === deflated.length)
    if (inflatedBytes > limitBytes) return 'too-large'
    position = next
  }
  return concat(parts, inflatedBytes)
}

function concat(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0] as Uint8Array
  const whole = new Uint8Array(length)
  let position = 0
  for (const part of parts) {
    whole.set(part, position)
    position += part.length
  }
  return whole
}
