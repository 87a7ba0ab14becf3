// A named way to break the engine: texts that replace others in its source. It lives here and not in the engine, and is applied by a
// loader hook in a process of its own.

import type { DocumentLie } from '../hostile/document-lies'
import type { Plan } from '../plan'

/** One place of the engine's source. */
export interface SourceEdit {
  /** Below `packages/`. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
}

export interface Mutation {
  /** What the engine does wrong, as one would say it. */
  readonly name: string
  readonly edits: readonly SourceEdit[]
  /** How it is noticed: the failure of a seed that catches it. */
  readonly noticedAs: RegExp
  /** What the relay lies about in all of these worlds, beside what their seeds draw. */
  readonly lie?: DocumentLie
  /** What happens in its worlds, instead of what their seeds draw: what seeds hardly ever meet. */
  readonly script?: Pick<Plan, 'devices' | 'steps' | 'endMs'>
  /** Its worlds draw what people choose on their devices. */
  readonly amongChoices?: boolean
  /** A seed that is known to catch it, or the death of a device in a scenario: what only a death in one moment shows, seeds hardly ever meet. */
  readonly caughtBy: number | { readonly scenario: string; readonly device: number; readonly at: number }
}

/** The plan of a seed, in a world for the mutation. */
export function planFor({ lie, script }: Mutation, drawn: Plan): Plan {
  const plan = { ...drawn, ...script }
  if (lie === undefined) return plan
  const lies = Array.from({ length: plan.devices }, (_, device) => {
    return { atMs: 0, kind: 'lie', device, lie, lastsMs: plan.endMs } as const
  })
  return { ...plan, steps: [...lies, ...plan.steps.filter(({ kind }) => kind !== 'lie')] }
}

/** For `node`: has a process load the broken engine. Stands before every other loader, so that it sees the source as it was written. */
export function loaderArguments({ edits }: Pick<Mutation, 'edits'>): readonly string[] {
  const hook = JSON.stringify(new URL('hook.mjs', import.meta.url).href)
  const script = `import { register } from 'node:module'; register(${hook}, { data: ${JSON.stringify(edits)} })`
  return ['--import', `data:text/javascript,${encodeURIComponent(script)}`]
}

/** Files of the mutation that this process has not loaded, and so has not broken. */
export function untouchedFiles({ edits }: Mutation): readonly string[] {
  const touched = (globalThis as Record<symbol, unknown>)[Symbol.for('mutated files')] ?? []
  return edits.map(({ file }) => file).filter((file) => !(touched as readonly string[]).includes(file))
}
