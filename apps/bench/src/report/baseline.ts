// What the ratios to the floor were when the code was last found good, and how far they strayed within that run.
import type { Measured } from '../rounds'
import { quantile } from '../statistics'
import { ratiosOf } from './ratios'

export interface BaselineRow {
  readonly workload: string
  readonly figure: string
  /** Median of the ratios to the floor. */
  readonly ratio: number
  /** How many times the median the worst round was. */
  readonly noise: number
}

/** Figures of which more is better. */
const rates = new Set(['updates/s'])
/** Figures that are watched: what a person waits for, and what is sent and kept. */
const watched = new Set(['time ms', 'p50 ms', 'updates/s', 'received kB', 'disk kB', 'server RSS MB'])
/** A machine that does other things has more noise than one run shows. */
const LEAST_NOISE = 1.5

export function baselineOf(measured: readonly Measured[]): BaselineRow[] {
  const ours = measured.filter(({ engine }) => engine === 'owlivion')
  return ours.flatMap(({ workload, figures }) => {
    const names = [...new Set(figures.flatMap(Object.keys))].filter((name) => watched.has(name))
    return names.flatMap((figure) => {
      const ratios = ratiosOf(measured, { workload, figure, against: 'floor' })
      if (ratios.length === 0) return []
      const ratio = quantile(ratios, 0.5)
      const worst = rates.has(figure) ? ratio / Math.min(...ratios) : Math.max(...ratios) / ratio
      return [{ workload, figure, ratio, noise: Math.max(LEAST_NOISE, worst) }]
    })
  })
}

/** One sentence for each ratio that is worse than the baseline by more than its noise. */
export function regressions(baseline: readonly BaselineRow[], measured: readonly Measured[]): string[] {
  return baselineOf(measured).flatMap(({ workload, figure, ratio }) => {
    const before = baseline.find((row) => row.workload === workload && row.figure === figure)
    if (before === undefined) return []
    const worsening = rates.has(figure) ? before.ratio / ratio : ratio / before.ratio
    if (worsening <= before.noise) return []
    return [
      `${workload}, ${figure}: ${ratio.toPrecision(3)}× of the floor, was ${before.ratio.toPrecision(3)}× (noise ${before.noise.toPrecision(2)})`,
    ]
  })
}
