// A deterministic world of devices and a relay on virtual time, disk and network, everything drawn from one seed.
export { createPlan, describeStep, type Plan, type PlanOptions, type Step } from './plan'
export type { Defects, RunOptions, RunResult } from './run'
export { shrink } from './shrink'
export { runWorld } from './world'
