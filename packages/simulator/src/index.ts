// A deterministic world of devices and a relay on virtual time, disk and network, everything drawn from one seed.
export { createPlan, describeStep, type Plan, type PlanOptions, type Step } from './plan'
export { shrink } from './shrink'
export { type Defects, type RunOptions, type RunResult, runWorld } from './world'
