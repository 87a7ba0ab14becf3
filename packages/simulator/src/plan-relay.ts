// What a seed does to the relay as a whole. In most worlds nothing: then what it has confirmed is there for ever. In the others whatever a
// device still has on its own disk must come back.
import type { RandomStream } from './random'
import type { RelayLoss } from './relay-losses'

export type RelayLossAction =
  | { readonly kind: 'relay backup' }
  | { readonly kind: 'relay loss'; readonly how: RelayLoss; readonly lastsMs: number }
  /** These devices talk to a copy of the relay for a while. */
  | { readonly kind: 'fork'; readonly whom: readonly number[]; readonly lastsMs: number }

const losses: readonly RelayLoss[] = [
  'empty',
  'from an old backup',
  'from an old backup that nobody marked',
  'with the file of another account',
  'as another relay',
]

export function drawRelayLosses(
  random: RandomStream,
  devices: number,
  endMs: number,
): readonly (RelayLossAction & { readonly atMs: number })[] {
  if (!random.chance(0.3)) return []
  const steps: (RelayLossAction & { readonly atMs: number })[] = []
  for (let n = random.between(1, 3); n > 0; n--) {
    const atMs = random.between(0, endMs)
    if (random.chance(0.25)) {
      const whom = Array.from({ length: devices }, (_, device) => device).filter(() => random.chance(0.5))
      steps.push({ atMs, kind: 'fork', whom, lastsMs: random.between(5_000, 60_000) })
      continue
    }
    const how = random.pick(losses)
    steps.push({ atMs: Math.max(0, atMs - random.between(500, 30_000)), kind: 'relay backup' })
    steps.push({ atMs, kind: 'relay loss', how, lastsMs: random.delay(10, 20_000) })
    // Two relays in turns come back to the first.
    if (how === 'as another relay' && random.chance(0.7))
      steps.push({
        atMs: atMs + random.between(3_000, 60_000),
        kind: 'relay loss',
        how,
        lastsMs: random.delay(10, 20_000),
      })
  }
  return steps
}
