// Why a target is missed: what a CPU profile of the workload shows (`npm run bench -- --only W2 --engines owlivion --profile`), and what would
// be needed. Taken again whenever one of these is made faster.

/** By workload. Printed below the targets while one of its targets is missed. */
export const reasons: Readonly<Record<string, string>> = {
  W2: 'to be written',
}
