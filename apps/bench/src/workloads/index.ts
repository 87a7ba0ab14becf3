import { burst } from './burst'
import { coldSync } from './cold-sync'
import { durability } from './durability'
import { fanOut, liveLatency } from './latency'
import { manyAccounts } from './many-accounts'
import { offlineMerge } from './offline-merge'
import type { Workload } from './workload'

/** W1 to W7, the same for every engine. */
const workloads: readonly Workload[] = [
  coldSync('W1', 1_000),
  coldSync('W1-10k', 10_000),
  liveLatency(1_000),
  burst(10_000),
  offlineMerge,
  fanOut(50, 500),
  manyAccounts(200),
  durability,
]

export function chosenWorkloads(names: readonly string[] | undefined): readonly Workload[] {
  const chosen = workloads.filter(({ name }) => names === undefined || names.includes(name))
  if (chosen.length === 0) throw new Error(`workloads are: ${workloads.map(({ name }) => name).join(', ')}`)
  return chosen
}
