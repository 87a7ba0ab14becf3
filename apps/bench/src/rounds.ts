// Rounds in which every engine does the same, one after the other, so that what else the machine does falls on all of them.
import type { Engine } from './engines/engine'
import { type Figures, Stage, type Workload } from './workloads/workload'

export interface Measured {
  readonly workload: string
  readonly engine: string
  /** One a round, in which it did not fail. */
  readonly figures: readonly Figures[]
  /** Why a round has none. */
  readonly failed: readonly string[]
  /** Why it was not run at all. */
  readonly skipped?: string
}

export interface RoundsOptions {
  readonly engines: readonly Engine[]
  readonly workloads: readonly Workload[]
  readonly rounds: number
  readonly profileFolder?: string
  say(line: string): void
}

export async function runRounds({
  engines,
  workloads,
  rounds,
  profileFolder,
  say,
}: RoundsOptions): Promise<Measured[]> {
  const measured = workloads.flatMap((workload) =>
    engines.map((engine) => ({
      workload,
      engine,
      figures: [] as Figures[],
      failed: [] as string[],
      skipped: engine.skips?.[workload.name],
    })),
  )
  for (const { workload, engine, skipped } of measured)
    if (skipped !== undefined) say(`${workload.name.padEnd(7)} ${engine.name.padEnd(12)} skipped: ${skipped}`)
  for (let round = 0; round < rounds; round++)
    // Another engine begins each round: none is always the one that comes after the heaviest.
    for (const { workload, engine, figures, failed, skipped } of inTurn(measured, workloads, round)) {
      if (skipped !== undefined) continue
      const stage = new Stage(engine, profileFolder)
      try {
        const ofRound = await workload.run(stage)
        figures.push(ofRound)
        say(`${workload.name.padEnd(7)} ${engine.name.padEnd(12)} ${describe(ofRound)}`)
      } catch (error) {
        // Another engine's trouble does not end the run, and is in the report.
        const told = error instanceof Error ? error.message : String(error)
        say(`${workload.name.padEnd(7)} ${engine.name.padEnd(12)} failed: ${told}`)
        // Where in the code it was helps who runs this; in a report it would be folders of one machine.
        failed.push(told.split('\n', 1)[0] as string)
      } finally {
        await stage.clear()
      }
    }
  return measured.map(({ workload, engine, figures, failed, skipped }) => ({
    workload: workload.name,
    engine: engine.name,
    figures,
    failed,
    ...(skipped !== undefined && { skipped }),
  }))
}

function inTurn<T extends { readonly workload: Workload }>(
  all: T[],
  workloads: readonly Workload[],
  round: number,
): T[] {
  return workloads.flatMap((workload) => {
    const some = all.filter((each) => each.workload === workload)
    const first = round % some.length
    return [...some.slice(first), ...some.slice(0, first)]
  })
}

function describe(figures: Figures): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${value.toLocaleString('en', { maximumSignificantDigits: 4 })}`)
    .join('  ')
}
