// What this engine is to reach, as ratios in one run on one machine.

export interface Target {
  readonly workload: string
  readonly figure: string
  /** An engine; without one the figure itself is meant. */
  readonly against?: string
  readonly atMost?: number
  readonly atLeast?: number
}

const against =
  (engine: string) =>
  (workload: string, figure: string, limit: Pick<Target, 'atMost' | 'atLeast'>): Target => ({
    workload,
    figure,
    against: engine,
    ...limit,
  })
const plainText = against('ywebsocket')
const floor = against('floor')

export const targets: readonly Target[] = [
  plainText('W1-10k', 'time ms', { atMost: 0.15 }),
  against('hocuspocus')('W1-10k', 'time ms', { atMost: 0.4 }),
  plainText('W1-10k', 'received kB', { atMost: 0.5 }),
  plainText('W1-10k', 'disk kB', { atMost: 0.6 }),
  plainText('W2', 'p50 ms', { atMost: 1.2 }),
  plainText('W2', 'p99 ms', { atMost: 1.2 }),
  floor('W2', 'p50 ms', { atMost: 1.5 }),
  floor('W2', 'p99 ms', { atMost: 2 }),
  plainText('W3', 'updates/s', { atLeast: 6 }),
  against('secsync')('W3', 'updates/s', { atLeast: 2 }),
  floor('W3', 'updates/s', { atLeast: 0.4 }),
  plainText('W4', 'time ms', { atMost: 0.7 }),
  plainText('W5', 'p50 ms', { atMost: 1.3 }),
  plainText('W5', 'p99 ms', { atMost: 1.3 }),
  floor('W5', 'p50 ms', { atMost: 1.5 }),
  plainText('W6', 'time ms', { atMost: 0.3 }),
  plainText('W6', 'server RSS MB', { atMost: 0.8 }),
  floor('W6', 'time ms', { atMost: 3 }),
  { workload: 'W7', figure: 'lost', atMost: 0 },
]
