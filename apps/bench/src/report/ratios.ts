// From what was measured to what can be said: medians, and ratios of figures that were taken in the same round.
import type { Measured } from '../rounds'
import { quantile } from '../statistics'
import { type Target, targets } from './targets'

export interface Row {
  readonly workload: string
  readonly figure: string
  /** By engine, the median of the rounds. */
  readonly medians: Readonly<Record<string, number>>
}

/** How a target fared. */
export interface Verdict extends Target {
  /** Median of the ratios of each round, or of the figures where no engine is compared with; undefined where one of the two was not measured. */
  readonly ratio: number | undefined
  /** The least and the greatest of the rounds: what the machine adds. */
  readonly spread: readonly [number, number] | undefined
  readonly isMet: boolean | undefined
}

export function rowsOf(measured: readonly Measured[]): Row[] {
  const rows: Row[] = []
  for (const workload of new Set(measured.map((each) => each.workload))) {
    const ofWorkload = measured.filter((each) => each.workload === workload)
    for (const figure of new Set(ofWorkload.flatMap(({ figures }) => figures.flatMap(Object.keys)))) {
      const medians = ofWorkload.map(
        ({ engine, figures }) => [engine, quantile(valuesOf(figures, figure), 0.5)] as const,
      )
      rows.push({ workload, figure, medians: Object.fromEntries(medians.filter(([, value]) => !Number.isNaN(value))) })
    }
  }
  return rows
}

export function verdicts(measured: readonly Measured[]): Verdict[] {
  return targets.map((target) => {
    const ratios = ratiosOf(measured, target)
    if (ratios.length === 0) return { ...target, ratio: undefined, spread: undefined, isMet: undefined }
    const ratio = quantile(ratios, 0.5)
    const isMet = (target.atMost ?? Infinity) >= ratio && (target.atLeast ?? 0) <= ratio
    return { ...target, ratio, spread: [Math.min(...ratios), Math.max(...ratios)], isMet }
  })
}

/**
 * Rising; one a round in which both were measured: what else the machine did then falls on both. Without another engine, the figures
 * themselves.
 */
export function ratiosOf(
  measured: readonly Measured[],
  { workload, figure, against }: Pick<Target, 'workload' | 'figure' | 'against'>,
  engineName = 'owlivion',
): number[] {
  const find = (engine: string) =>
    measured.find((each) => each.workload === workload && each.engine === engine)?.figures ?? []
  if (against === undefined) return valuesOf(find(engineName), figure).sort((a, b) => a - b)
  const others = find(against)
  const ratios = find(engineName).flatMap((figures, round) => {
    const [ours, theirs] = [figures[figure], others[round]?.[figure]]
    return ours === undefined || theirs === undefined ? [] : [ours / theirs]
  })
  return ratios.sort((a, b) => a - b)
}

function valuesOf(figures: Measured['figures'], name: string): number[] {
  return figures.flatMap((each) => each[name] ?? [])
}
