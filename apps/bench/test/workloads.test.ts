// The workloads with few contacts and edits, on real processes: that they verify what they say, not how fast it is.
import { expect, test } from 'vitest'
import { floor, ours } from '../src/engines/engines'
import { burst } from '../src/workloads/burst'
import { coldSync } from '../src/workloads/cold-sync'
import { durability } from '../src/workloads/durability'
import { fanOut, liveLatency } from '../src/workloads/latency'
import { manyAccounts } from '../src/workloads/many-accounts'
import { offlineMerge } from '../src/workloads/offline-merge'
import { Stage } from '../src/workloads/workload'

const small = [coldSync('W1', 20), liveLatency(20), burst(200), offlineMerge, fanOut(2, 5), manyAccounts(4), durability]

for (const engine of [ours, floor])
  for (const workload of small)
    test(`${engine.name} does ${workload.name}`, { timeout: 60_000 }, async () => {
      const stage = new Stage(engine)
      try {
        const figures = await workload.run(stage)
        for (const [name, value] of Object.entries(figures)) expect(value, name).not.toBeNaN()
        if (workload.name === 'W7') expect(figures.lost).toBe(0)
      } finally {
        await stage.clear()
      }
    })
