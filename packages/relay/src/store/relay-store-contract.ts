// The suite that every RelayStore passes. It takes the test runner's functions, so that an adapter elsewhere can run it too.
import { describeAccountRows } from './contract-account-rows'
import { describeWriting } from './contract-log'
import { describeReading } from './contract-pages'
import { describePruning } from './contract-prune'
import { describeRefills } from './contract-refill'
import { describeSignIns } from './contract-sign-in'
import { describeSnapshots } from './contract-snapshots'
import { type ContractStore, type ContractTools, createSuite } from './contract-suite'

export type { ContractStore, ContractTools }

/** @param open a new, empty store for each test */
export function describeRelayStore(name: string, open: () => Promise<ContractStore>, tools: ContractTools): void {
  const suite = createSuite(name, open, tools)
  describeWriting(suite)
  describeReading(suite)
  describeAccountRows(suite)
  describeSignIns(suite)
  describeSnapshots(suite)
  describeRefills(suite)
  describePruning(suite)
}
