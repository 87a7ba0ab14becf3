// Full jitter: a random wait below a doubling ceiling, so that devices that lost a relay together do not come back together.

const FIRST_CEILING_MS = 500
/** A relay that was down for a day is found again within half a minute. */
const LAST_CEILING_MS = 30_000

/** Milliseconds to wait after this many failures in a row (1 for the first). Never gives up. */
export function backoffMs(failures: number, random: (length: number) => Uint8Array): number {
  const ceiling = Math.min(LAST_CEILING_MS, FIRST_CEILING_MS * 2 ** Math.min(failures - 1, 16))
  return jitterMs(ceiling, random)
}

/** Milliseconds between 1 and this many, at random. */
export function jitterMs(ceilingMs: number, random: (length: number) => Uint8Array): number {
  const [high = 0, low = 0] = random(2)
  return Math.ceil(((high * 256 + low + 1) / 65_536) * ceilingMs)
}
