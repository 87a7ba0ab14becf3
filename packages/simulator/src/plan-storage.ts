// What goes wrong with the stores of a seed's devices, beside full disks.
import type { RandomStream } from './random'

/** The store is taken away from the app, as a browser does for another version of it: nothing is read or written until the app starts anew. */
export interface StoreAction {
  readonly kind: 'store ends'
  readonly device: number
  /** Until its person starts the app again. */
  readonly lastsMs: number
}

export function drawStoreFailures(
  random: RandomStream,
  devices: number,
  endMs: number,
): readonly (StoreAction & { readonly atMs: number })[] {
  if (!random.chance(0.2)) return []
  return Array.from({ length: random.between(1, 3) }, () => {
    const [device, atMs] = [random.between(0, devices - 1), random.between(0, endMs)]
    return { atMs, kind: 'store ends', device, lastsMs: random.delay(200, 30_000) } as const
  })
}
