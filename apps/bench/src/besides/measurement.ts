// What is measured beside the workloads: each measurement in a process of its own, so that none finds what another left in memory.

/** Milliseconds, bytes, or events a second; the unit is with it. */
export interface MeasuredRow {
  readonly what: string
  readonly value: number
  readonly unit: 'ms' | 'B' | 'kB' | '/s' | '×'
  /** Where there is one, in the same unit. */
  readonly target?: Limit
}

export interface Limit {
  readonly atMost: number
  /** Why it is missed, while it is. */
  readonly reason: string
}

export interface Measurement {
  readonly title: string
  /** Takes many minutes: measured with `--long` alone. */
  readonly isLong?: true
  run(): Promise<readonly MeasuredRow[]>
}

export const row = (what: string, value: number, unit: MeasuredRow['unit'], target?: Limit): MeasuredRow => ({
  ...{ what, value, unit },
  ...(target && { target }),
})

/** As in the tables: 10,000. */
export const count = (value: number): string => value.toLocaleString('en')
