// What a seed does to the keys of its account: devices are locked out, sign themselves out and come back, keys rotate, phrases are
// replaced, a lost account is recovered, and the relay hides or repeats what it knows of the keyring.
import type { RandomStream } from './random'

export type KeyAction =
  /** Locks out other devices; all of them when none is named. */
  | { readonly kind: 'remove'; readonly device: number; readonly whom: readonly number[] }
  | { readonly kind: 'rotate keys' | 'sign out'; readonly device: number }
  /** The device is lost with its disk, and its person takes the account back with the phrase: all others are out. */
  | { readonly kind: 'recover'; readonly device: number }
  | { readonly kind: 'new phrase'; readonly device: number; readonly how: 'with the old one' | 'without it' }
  | { readonly kind: 'answer request'; readonly device: number; readonly how: 'approve' | 'veto' }
  /** The relay keeps from a device what comes to the keyring, or tells it again what it said before. */
  | { readonly kind: 'hide keyring' | 'replay keyring'; readonly device: number; readonly lastsMs: number }

/** All clocks go on by a week at once, whoever is connected: it is what a new phrase waits for. */
export interface WeekPasses {
  readonly kind: 'a week passes'
}

type KeyStep = (KeyAction | WeekPasses) & { readonly atMs: number }

/** Draws the key events of a world; some worlds have none. */
export function drawKeyEvents(random: RandomStream, devices: number, endMs: number): readonly KeyStep[] {
  const steps: KeyStep[] = []
  const count = random.weighted([
    [2, 0],
    [3, 2],
    [4, 5],
    [1, 12],
  ])
  const device = (): number => random.between(0, devices - 1)
  for (let n = 0; n < count; n++) {
    const atMs = random.between(0, endMs)
    const who = device()
    const push = (action: KeyAction, afterMs = 0): void => void steps.push({ ...action, atMs: atMs + afterMs })
    random.weighted<() => void>([
      [
        4,
        () => {
          const whom = random.chance(0.2) ? [] : [device()].filter((other) => other !== who)
          push({
            kind: 'remove',
            device: who,
            whom: whom.length > 0 || random.chance(0.5) ? whom : [(who + 1) % devices],
          })
          // Often at the very same time: somebody removes the remover, or rotates.
          if (random.chance(0.3))
            push({ kind: 'remove', device: whom[0] ?? device(), whom: [who] }, random.between(0, 300))
        },
      ],
      [
        2,
        () => {
          push({ kind: 'rotate keys', device: who })
          if (random.chance(0.5)) push({ kind: 'rotate keys', device: device() }, random.between(0, 300))
        },
      ],
      [1, () => push({ kind: 'sign out', device: who })],
      [1, () => push({ kind: 'recover', device: who })],
      [1.5, () => push({ kind: 'new phrase', device: who, how: 'with the old one' })],
      [
        1.5,
        () => {
          push({ kind: 'new phrase', device: who, how: 'without it' })
          const how = random.pick(['approve', 'veto'] as const)
          push({ kind: 'answer request', device: device(), how }, random.delay(1_000, 60_000))
        },
      ],
      [2, () => push({ kind: 'hide keyring', device: who, lastsMs: random.delay(1_000, 120_000) })],
      [1, () => push({ kind: 'replay keyring', device: who, lastsMs: random.delay(1_000, 120_000) })],
    ])()
  }
  if (count > 0 && random.chance(0.4))
    for (let n = random.between(1, 2); n > 0; n--) steps.push({ kind: 'a week passes', atMs: random.between(0, endMs) })
  return steps
}
