// Small worlds without chance in their plans, each about one thing that an account goes through. A sweep lets a process die in them at
// every single boundary.
import { CANARY, createPlan, type Plan, type PlannedEdit, type Step } from '../plan'

export interface Scenario {
  readonly name: string
  readonly plan: Plan
  /** Must have happened in the world in which nobody dies, or the scenario is not about what it says. */
  readonly reaches: readonly string[]
}

type Untimed<Each> = Each extends Step ? Omit<Each, 'atMs'> : never

const [contacts, settings] = createPlan({ seed: 1 }).collections as readonly [string, string]
const everybody = ['ann', 'bob', 'cem'].map((name) => `${CANARY}-${name}@example.com`)

const at = (atMs: number, step: Untimed<Step>): Step => ({ ...step, atMs }) as Step

function edit(atMs: number, device: number, edits: readonly PlannedEdit[], collection = contacts): Step {
  return at(atMs, { kind: 'edit', device, collection, together: false, edits })
}

const add = (id: string, value: string): PlannedEdit => ({
  kind: 'add',
  id,
  fields: { [`${CANARY}_name`]: `${CANARY} ${value}` },
})
const update = (id: string, value: string): PlannedEdit => ({
  kind: 'update',
  id,
  fields: { [`${CANARY}_note`]: `${CANARY} ${value}` },
})

const [ann, bob, cem] = everybody as [string, string, string]

/** Both have something, so that something is there to lose. */
const twoWithContacts: readonly Step[] = [
  at(300, { kind: 'join', device: 1 }),
  edit(200, 0, [add(ann, 'from 0'), add(bob, 'from 0')]),
  edit(6_000, 1, [add(cem, 'from 1'), update(ann, 'from 1')]),
  edit(6_000, 0, [update(ann, 'from 0')]),
]

/** Changes one field again and again, now here and now there: a history that is much longer than what it says. */
function longHistory(fromMs: number, count: number): readonly Step[] {
  return Array.from({ length: count }, (_, n) =>
    edit(fromMs + 150 * n, n % 2, [update(everybody[n % 3] as string, `value ${n}`)]),
  )
}

interface Drawn {
  readonly name: string
  readonly seed: number
  readonly endMs: number
  readonly reaches: readonly string[]
  readonly steps: readonly Step[]
  readonly devices?: number
  readonly documentLimits?: Plan['documentLimits']
}

function scenario({ name, seed, endMs, reaches, steps, devices = 2, documentLimits }: Drawn): Scenario {
  const inOrder = steps.toSorted((a, b) => a.atMs - b.atMs)
  return {
    name,
    reaches,
    plan: { seed, devices, collections: [contacts, settings], documentLimits, steps: inOrder, endMs },
  }
}

const summedUp = { minTailBytes: 800, minDeadStructs: Number.MAX_SAFE_INTEGER }
const rebased = { minTailBytes: Number.MAX_SAFE_INTEGER, minDeadStructs: 12 }

/** For mutations only: who dies when makes no difference to what they are about. */
const unswept: readonly Scenario[] = [
  scenario({
    name: 'a history is summed up while there is always something on its way',
    seed: 2,
    endMs: 90_000,
    documentLimits: summedUp,
    reaches: ['relay sends snapshot-stored'],
    steps: [
      ...twoWithContacts,
      ...[0, 1].map((device) =>
        at(7_500, {
          kind: 'weather',
          device,
          weather: { drop: 0, duplicate: 0, reorder: 0, slowMs: 1_500 },
          lastsMs: 70_000,
        }),
      ),
      ...longHistory(8_000, 400),
    ],
  }),
]

export function scenarioOf(name: string): Scenario {
  return [...scenarios, ...unswept].find((each) => each.name === name) as Scenario
}

export const scenarios: readonly Scenario[] = [
  scenario({
    name: 'devices enter, and both write',
    seed: 2,
    devices: 3,
    endMs: 14_000,
    reaches: ['device joined', 'device joined by pairing', 'device flushed', 'device closed'],
    steps: [
      ...twoWithContacts,
      at(1_500, { kind: 'join', device: 2 }),
      edit(6_500, 1, [{ kind: 'delete', id: bob }]),
      edit(6_700, 2, [add(ann, 'a setting')], settings),
      at(7_000, { kind: 'go offline', device: 1 }),
      edit(7_500, 1, [update(cem, 'offline')]),
      edit(7_500, 0, [update(cem, 'meanwhile')]),
      at(9_000, { kind: 'go online', device: 1 }),
      at(9_500, { kind: 'flush', device: 1 }),
      at(10_500, { kind: 'close', device: 1 }),
      at(11_500, { kind: 'open', device: 1 }),
      edit(12_500, 1, [{ kind: 'restore', id: bob }]),
    ],
  }),
  scenario({
    name: 'a history is summed up, and goes',
    seed: 2,
    endMs: 110_000,
    documentLimits: summedUp,
    reaches: ['relay sends snapshot-stored'],
    steps: [
      ...twoWithContacts,
      ...longHistory(8_000, 20),
      at(80_000, { kind: 'a week passes' }),
      at(85_000, { kind: 'a week passes' }),
      // Started again, it lets go what is past.
      at(87_000, { kind: 'relay restart', lastsMs: 1_000 }),
      edit(100_000, 0, [update(ann, 'afterwards')]),
    ],
  }),
  scenario({
    name: 'a document is rebased while one is away',
    seed: 3,
    endMs: 60_000,
    documentLimits: rebased,
    reaches: ['relay sends snapshot-stored', 'relay sends leased'],
    steps: [
      ...twoWithContacts,
      ...longHistory(8_000, 30),
      at(12_000, { kind: 'go offline', device: 1 }),
      edit(12_500, 1, [update(ann, 'by one who is away'), { kind: 'delete', id: cem }]),
      at(40_000, { kind: 'go online', device: 1 }),
      edit(50_000, 0, [update(bob, 'afterwards')]),
    ],
  }),
  scenario({
    name: 'a relay is wiped, and healed by one after the other',
    seed: 4,
    endMs: 60_000,
    reaches: ['relay comes back empty', 'device healed'],
    steps: [
      ...twoWithContacts,
      at(8_000, { kind: 'go offline', device: 1 }),
      // Confirmed, and read by nobody else: only its author can give it back.
      edit(8_500, 0, [update(cem, 'seen by nobody'), { kind: 'delete', id: bob }]),
      at(10_000, { kind: 'relay loss', how: 'empty', lastsMs: 500 }),
      edit(10_200, 1, [update(bob, 'while it is gone')]),
      at(40_000, { kind: 'go online', device: 1 }),
      edit(55_000, 0, [update(cem, 'afterwards')]),
    ],
  }),
  scenario({
    name: 'a relay is restored from a backup, and healed',
    seed: 5,
    endMs: 45_000,
    reaches: ['relay comes back from an old backup', 'device healed'],
    steps: [
      ...twoWithContacts,
      at(5_500, { kind: 'relay backup' }),
      at(10_000, { kind: 'relay loss', how: 'from an old backup', lastsMs: 500 }),
      edit(10_200, 1, [update(bob, 'while it is gone')]),
      edit(40_000, 0, [update(cem, 'afterwards')]),
    ],
  }),
  scenario({
    name: 'a device is removed, and keys rotate',
    seed: 6,
    devices: 3,
    endMs: 40_000,
    reaches: ['device removes devices: done', 'device is locked out', 'device rotates keys: done'],
    steps: [
      ...twoWithContacts,
      at(1_500, { kind: 'join', device: 2 }),
      at(9_000, { kind: 'remove', device: 0, whom: [1] }),
      edit(9_100, 2, [update(ann, 'under the new key')]),
      at(33_000, { kind: 'rotate keys', device: 2 }),
      edit(35_000, 1, [update(bob, 'by one who is back')]),
    ],
  }),
  scenario({
    name: 'a device signs out and comes back',
    seed: 7,
    endMs: 35_000,
    reaches: ['device signs out: done'],
    steps: [...twoWithContacts, at(9_000, { kind: 'sign out', device: 1 }), edit(33_000, 1, [update(ann, 'back')])],
  }),
  scenario({
    name: 'an account is recovered by its phrase',
    seed: 8,
    endMs: 45_000,
    reaches: ['device recovered the account', 'device is locked out'],
    steps: [...twoWithContacts, at(9_000, { kind: 'recover', device: 1 }), edit(43_000, 1, [update(ann, 'back')])],
  }),
  scenario({
    name: 'the phrase is replaced',
    seed: 9,
    endMs: 20_000,
    reaches: ['device wants a new phrase with the old one: done'],
    steps: [...twoWithContacts, at(9_000, { kind: 'new phrase', device: 0, how: 'with the old one' })],
  }),
]
