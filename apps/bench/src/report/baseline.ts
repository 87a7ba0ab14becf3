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
/** Bytes hardly differ from run to run. */
const bytes = new Set(['received kB', 'disk kB'])
const LEAST_NOISE_OF_BYTES = 1.15
/** A machine that does other things, or whose disk is another, has more noise than one run shows. */
const LEAST_NOISE = 1.8

export function baselineOf(measured: readonly Measured[]): BaselineRow[] {
  const ours = measured.filter(({ engine }) => engine === 'owlivion')
  return ours.flatMap(({ workload, figures }) => {
    const names = [...new Set(figures.flatMap(Object.keys))].filter((name) => watched.has(name))
    return names.flatMap((figure) => {
      const ratios = ratiosOf(measured, { workload, figure, against: 'floor' })
      if (ratios.length === 0) return []
      const ratio = quantile(ratios, 0.5)
      const worst = rates.has(figure) ? ratio / Math.min(...ratios) : Math.max(...ratios) / ratio
      return [
        { workload, figure, ratio, noise: Math.max(bytes.has(figure) ? LEAST_NOISE_OF_BYTES : LEAST_NOISE, worst) },
      ]
    })
  })
}

export interface Regression {
  readonly workload: string
  readonly sentence: string
}

/** Each ratio that is worse than the baseline by more than its noise, each row of it that was not measured, and what was lost. */
export function regressions(baseline: readonly BaselineRow[], measured: readonly Measured[]): Regression[] {
  const ours = measured.filter(({ engine }) => engine === 'owlivion')
  const found = ours.flatMap(({ workload, figures, failed }) => {
    const lost = Math.max(0, ...figures.map((each) => each.lost ?? 0))
    const sentences = failed.map((reason) => `${workload}: ${reason}`)
    if (lost > 0) sentences.push(`${workload}: ${lost} acknowledged edits were lost`)
    return sentences.map((sentence) => ({ workload, sentence }))
  })
  const now = baselineOf(measured)
  for (const before of baseline.filter(({ workload }) => ours.some((each) => each.workload === workload))) {
    const { workload, figure, noise } = before
    const row = now.find((each) => each.workload === workload && each.figure === figure)
    const sentence =
      row === undefined
        ? `${workload}, ${figure}: not measured`
        : worsening(before, row) > noise
          ? `${workload}, ${figure}: ${row.ratio.toPrecision(3)}× of the floor, was ${before.ratio.toPrecision(3)}× (noise ${noise.toPrecision(2)})`
          : undefined
    if (sentence !== undefined) found.push({ workload, sentence })
  }
  return found
}

function worsening(before: BaselineRow, { figure, ratio }: BaselineRow): number {
  return rates.has(figure) ? before.ratio / ratio : ratio / before.ratio
}
