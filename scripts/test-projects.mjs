// Which folders hold tests, under which project name. One list for the test run, for the count of what could not run, and for the checks.

/** @typedef {{ readonly name: string, readonly root: string, readonly timeoutMs: number }} TestRoot */

/**
 * The limits are nets against a wait without end: wide, since nothing is learned from a busy machine being slow.
 * @type {readonly TestRoot[]}
 */
export const testRoots = [
  { name: 'protocol', root: 'packages/protocol', timeoutMs: 120_000 },
  { name: 'core', root: 'packages/core', timeoutMs: 120_000 },
  { name: 'relay', root: 'packages/relay', timeoutMs: 120_000 },
  { name: 'react', root: 'packages/react', timeoutMs: 120_000 },
  { name: 'simulator', root: 'packages/simulator', timeoutMs: 300_000 },
  { name: 'demo', root: 'apps/demo', timeoutMs: 180_000 },
  { name: 'bench', root: 'apps/bench', timeoutMs: 120_000 },
  { name: 'docs', root: 'docs', timeoutMs: 180_000 },
  { name: 'e2e', root: 'e2e', timeoutMs: 300_000 },
]
