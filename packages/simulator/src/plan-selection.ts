// Which data types a seed has its devices leave out: switched off, and mostly on again. What stays off does so until all others agree, and
// is switched on then.
import type { RandomStream } from './random'

/** A device does not sync a data type from now on, or does again. */
export interface SelectionAction {
  readonly kind: 'switch off' | 'switch on'
  readonly device: number
  readonly collection: string
}

export function drawSelection(
  random: RandomStream,
  devices: number,
  collections: readonly string[],
  endMs: number,
): readonly (SelectionAction & { readonly atMs: number })[] {
  if (!random.chance(0.35)) return []
  const steps: (SelectionAction & { readonly atMs: number })[] = []
  for (let n = random.between(1, 4); n > 0; n--) {
    const device = random.between(0, devices - 1)
    const atMs = random.between(0, endMs)
    // That in which most is written.
    const collection = random.chance(0.7) ? (collections[0] as string) : random.pick(collections)
    steps.push({ atMs, kind: 'switch off', device, collection })
    const onMs = atMs + random.delay(50, endMs)
    if (random.chance(0.8)) steps.push({ atMs: onMs, kind: 'switch on', device, collection })
  }
  return steps
}
