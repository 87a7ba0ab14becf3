// Which folders hold tests, under which project name. One list for the test run, for the count of what could not run, and for the checks.

/** @typedef {{ readonly name: string, readonly root: string, readonly timeoutMs: number }} TestRoot */

/** @type {readonly TestRoot[]} */
export const testRoots = [
  { name: 'protocol', root: 'packages/protocol', timeoutMs: 30_000 },
  { name: 'core', root: 'packages/core', timeoutMs: 30_000 },
  { name: 'relay', root: 'packages/relay', timeoutMs: 30_000 },
  { name: 'react', root: 'packages/react', timeoutMs: 30_000 },
  { name: 'simulator', root: 'packages/simulator', timeoutMs: 120_000 },
  { name: 'demo', root: 'apps/demo', timeoutMs: 60_000 },
  { name: 'docs', root: 'docs', timeoutMs: 60_000 },
  { name: 'e2e', root: 'e2e', timeoutMs: 300_000 },
]
