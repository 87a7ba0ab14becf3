// Everything that can happen to an account's keys, in one world, so that no change of what seeds draw leaves a kind of it untried.
import { expect, test } from 'vitest'
import { createPlan, runWorld, type Step } from '../src'

function stepsOf(answer: 'approve' | 'veto'): Step[] {
  const edits = Array.from({ length: 38 }, (_, n): Step => {
    const fields = { [`canary_${n % 3}`]: `canary ${n}` }
    const add = { kind: 'add', id: 'canary-ann@example.com', fields } as const
    return {
      atMs: 2_500 + n * 700,
      kind: 'edit',
      device: n % 3,
      collection: 'canary contacts',
      together: false,
      edits: [add],
    }
  })
  const keys: Step[] = [
    { atMs: 500, kind: 'join', device: 1 },
    { atMs: 800, kind: 'join', device: 2 },
    { atMs: 4_000, kind: 'a week passes' },
    { atMs: 5_000, kind: 'new phrase', device: 0, how: 'without it' },
    { atMs: 8_000, kind: 'answer request', device: 1, how: answer },
    { atMs: 11_000, kind: 'hide keyring', device: 1, lastsMs: 4_000 },
    { atMs: 11_500, kind: 'rotate keys', device: 0 },
    { atMs: 11_520, kind: 'rotate keys', device: 2 },
    { atMs: 15_500, kind: 'new phrase', device: 0, how: 'with the old one' },
    { atMs: 18_000, kind: 'replay keyring', device: 0, lastsMs: 5_000 },
    { atMs: 18_500, kind: 'remove', device: 0, whom: [2] },
    { atMs: 18_560, kind: 'crash', device: 0, how: 'process', downMs: 500, awayMs: 0 },
    { atMs: 22_000, kind: 'sign out', device: 1 },
    { atMs: 26_000, kind: 'recover', device: 0 },
  ]
  return [...keys, ...edits].sort((a, b) => a.atMs - b.atMs)
}

test('devices that are locked out, leave and come back, new keys and phrases, and a relay that hides and repeats them lose nothing', async () => {
  const reached = new Map<string, number>()
  for (let seed = 1; seed <= 6; seed++) {
    const { collections } = createPlan({ seed })
    const steps = stepsOf(seed % 2 === 0 ? 'approve' : 'veto')
    const { failures, counts } = await runWorld({ plan: { seed, devices: 3, collections, steps, endMs: 30_000 } })
    expect(failures, `seed ${seed}`).toEqual([])
    for (const [kind, count] of counts) reached.set(kind, (reached.get(kind) ?? 0) + count)
  }
  const events = [
    'joined by pairing',
    'removes devices',
    'is locked out',
    'rotates keys: done',
    'signs out: done',
    'recovered the account',
    'wants a new phrase with the old one: done',
    'wants a new phrase without it: done',
    'approves a new phrase: done',
    'vetos a new phrase: done',
    'is kept in the dark',
    'hears old news',
  ]
  expect(events.filter((event) => !reached.has(`device ${event}`))).toEqual([])
})

test('a new phrase and a device that was let in meanwhile, on a relay that was put back, are both there in the end', async () => {
  const collection = 'canary contacts'
  const add = { kind: 'add', id: 'canary-ann@example.com', fields: { canary_note: 'canary 89' } } as const
  // In these device 2 is let in by device 1, not with the phrase that is to go.
  for (const seed of [4, 6, 10]) {
    const plan = {
      ...{ seed, devices: 3, collections: [collection], endMs: 60_000 },
      steps: [
        { atMs: 886, kind: 'edit', device: 0, collection, together: true, edits: [add] },
        { atMs: 1_225, kind: 'join', device: 1 },
        { atMs: 8_000, kind: 'new phrase', device: 0, how: 'without it' },
        { atMs: 12_000, kind: 'relay backup' },
        { atMs: 19_000, kind: 'go offline', device: 1 },
        { atMs: 19_438, kind: 'a week passes' },
        // As it starts it sees that its week is over.
        { atMs: 22_000, kind: 'crash', device: 0, how: 'process', downMs: 100, awayMs: 0 },
        { atMs: 30_000, kind: 'go offline', device: 0 },
        { atMs: 31_073, kind: 'relay loss', how: 'from an old backup that nobody marked', lastsMs: 10 },
        { atMs: 33_000, kind: 'go online', device: 1 },
        { atMs: 38_000, kind: 'join', device: 2 },
        { atMs: 55_000, kind: 'go online', device: 0 },
      ] satisfies Step[],
    }
    const { failures, counts } = await runWorld({ plan })
    expect(failures, `seed ${seed}`).toEqual([])
    expect(counts.get('device wants a new phrase without it: done')).toBe(1)
    expect(counts.get('device joined by pairing')).toBe(2)
  }
})
