// Every way in which a relay may lie about a document's log: the device that it lies to says so by a code within one exchange, where it can
// know; and whatever it was told, all devices are equal when the relay tells the truth again.
import { describe, expect, test } from 'vitest'
import { createPlan, runWorld, type Step } from '../src'
import type { DocumentLie } from '../src/hostile/document-lies'

const collections = createPlan({ seed: 1 }).collections

/** Two devices write, all the time and in turns, while a third one is lied to now and then. */
function stepsWith(lie: DocumentLie, seed: number): Step[] {
  const steps: Step[] = [1, 2].map((device) => ({ atMs: 500, kind: 'join', device }))
  for (let n = 0; n < 30; n++) {
    const fields = { canary_name: `canary ${n}` }
    const edits = [{ kind: 'add', id: `canary-${n % 4}@example.com`, fields } as const]
    const collection = collections[n % 3 === 0 ? 1 : 0] as string
    steps.push({ atMs: 3_000 + n * 400, kind: 'edit', device: n % 2, collection, together: false, edits })
  }
  // What comes in one page is what was missed.
  for (const atMs of [4_000, 8_000]) {
    steps.push({ atMs: atMs + seed * 50, kind: 'go offline', device: 2 })
    steps.push({ atMs: atMs + 1_500, kind: 'lie', device: 2, lie, lastsMs: 2_000 })
    steps.push({ atMs: atMs + 2_500, kind: 'go online', device: 2 })
  }
  return steps.sort((a, b) => a.atMs - b.atMs)
}

async function lieInWorlds(lie: DocumentLie): Promise<{ readonly failures: string[]; told: number; noticed: number }> {
  const result = { failures: [] as string[], told: 0, noticed: 0 }
  for (let seed = 1; seed <= 3; seed++) {
    const plan = { seed, devices: 3, collections, steps: stepsWith(lie, seed), endMs: 20_000 }
    const { failures, counts } = await runWorld({ plan })
    result.failures.push(...failures.map((failure) => `seed ${seed}: ${failure}`))
    result.told += counts.get(`relay ${lie}`) ?? 0
    result.noticed += counts.get(`device notices that the relay ${lie}`) ?? 0
  }
  return result
}

describe('a device notices that the relay', () => {
  test.each<DocumentLie>([
    'alters bytes',
    'forges signatures',
    'swaps documents',
    'drops in the middle',
    'reorders',
  ])('%s', async (lie) => {
    const { failures, told, noticed } = await lieInWorlds(lie)
    expect(failures).toEqual([])
    expect(told).toBeGreaterThan(0)
    expect(noticed).toBeGreaterThan(0)
  })
})

describe('a device comes to no harm when the relay', () => {
  test.each<DocumentLie>(['repeats pages', 'freezes the tail'])('%s', async (lie) => {
    const { failures, told } = await lieInWorlds(lie)
    expect(failures).toEqual([])
    expect(told).toBeGreaterThan(0)
  })
})
