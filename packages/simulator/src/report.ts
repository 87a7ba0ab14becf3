// What a run of many seeds says at its end.
import { devicePlaces, relayPlaces } from './crash-points'
import type { RunResult } from './run'

/** What is kept of a seed's result once it is known; it travels between processes. */
export interface SeedSummary {
  readonly seed: number
  readonly failures: readonly string[]
  readonly traceHash: string
  readonly counts: Readonly<Record<string, number>>
  readonly calls: number
  readonly edits: number
  readonly rewrites: number
  readonly purges: number
  readonly neverPromised: number
  readonly conflicts: number
  readonly snapshots: number
  readonly rebases: number
  readonly pruned: number
  readonly lost: number
  readonly virtualMs: number
}

export function summarize(result: RunResult): SeedSummary {
  const { seed, failures, traceHash, calls, edits, rewrites, purges, neverPromised, conflicts, virtualMs } = result
  const { snapshots, rebases, pruned, lost } = result
  const counts = Object.fromEntries(result.counts)
  return {
    ...{ seed, failures, traceHash, counts, calls, edits, rewrites, purges, neverPromised, conflicts, virtualMs },
    ...{ snapshots, rebases, pruned, lost },
  }
}

/** Kinds of events that are faults, and what they are called. */
const faults: readonly (readonly [event: string, name: string])[] = [
  ['network drops', 'dropped'],
  ['network loses', 'lost on a dead line'],
  ['network duplicates', 'duplicated'],
  ['network reorders', 'reordered'],
  ['device has bad weather', 'slow or bad lines'],
  ['device is cut off', 'partitions'],
  ['device connection breaks', 'broken connections'],
  ['device crashes', 'device crashes'],
  ['device loses power', 'power cuts'],
  ['relay crashes', 'relay crashes'],
  ['relay drains', 'relay restarts'],
  ['device disk full', 'full device disks'],
  ['device loses its store', 'stores taken away'],
  ['relay disk full', 'full relay disks'],
  ['device sets its clock', 'clock changes'],
  ['device goes offline', 'offline periods'],
  ['device closes', 'app closes'],
]

/** When and what devices sync. */
const choices: readonly (readonly [event: string, name: string])[] = [
  ['device syncs live', 'live'],
  ['device syncs every so many minutes', 'every so many minutes'],
  ['device syncs manual', 'by hand'],
  ['device pauses', 'paused'],
  ['device pauses for a while', 'paused for a while'],
  ['device resumes', 'resumed'],
  ['device hears that the network returns', 'networks that returned'],
  ['device has synced', 'synced when asked'],
  ['device falls asleep', 'asleep'],
  ['device switches off', 'data types off'],
  ['device switches on', 'on again'],
]

/** What the relay lied about, and how often a device has noticed. */
const lies: readonly (readonly [lie: string, name: string])[] = [
  ['alters bytes', 'bytes altered'],
  ['alters bytes and hashes', 'bytes altered with their hashes'],
  ['forges signatures', 'signatures forged'],
  ['swaps documents', 'documents swapped'],
  ['drops in the middle', 'entries left out'],
  ['reorders', 'entries reordered'],
  ['repeats pages', 'pages repeated'],
  ['freezes the tail', 'news kept back'],
]

/** What becomes of the relay's disk as a whole. */
const losses: readonly (readonly [event: string, name: string])[] = [
  ['relay comes back empty', 'wiped'],
  ['relay comes back from an old backup', 'restored'],
  ['relay comes back from an old backup that nobody marked', 'restored without a mark'],
  ['relay comes back with the file of another account', 'with a foreign file'],
  ['relay comes back as another relay', 'swapped for another'],
  ['relay shows two views', 'forked'],
]

/** Where a process was made to die, beside those that died at a time. */
const crashPlaces = [...new Set([...devicePlaces, ...relayPlaces])].flatMap((place) =>
  ['device', 'relay'].map((actor) => [`${actor} dies as it ${place}`, `${actor} as it ${place}`] as const),
)

export function describeRun(summaries: readonly SeedSummary[], realMs: number): string {
  const sum = (value: (summary: SeedSummary) => number) => summaries.reduce((total, each) => total + value(each), 0)
  const count = (event: string) => sum(({ counts }) => counts[event] ?? 0)
  const failed = summaries.filter(({ failures }) => failures.length > 0)
  const number = (value: number) => value.toLocaleString('en')
  const listed = (events: readonly (readonly [event: string, name: string])[]) =>
    events.map(([event, name]) => `${number(count(event))} ${name}`).join(', ')
  return [
    `seeds        ${number(summaries.length)}, ${failed.length} failed`,
    `operations   ${number(sum((each) => each.calls))} calls, ${number(sum((each) => each.edits))} edits that changed something`,
    `             ${number(sum((each) => each.conflicts))} conflicts left at the end, ${number(sum((each) => each.rewrites))} edits written again under a new name, ${number(sum((each) => each.purges))} times deleted records were purged`,
    `devices      ${number(count('device joined'))} joined, ${number(count('device opened'))} starts`,
    `traffic      ${number(count('device sends push'))} pushes, ${number(count('relay commits'))} commits of the relay`,
    `faults       ${listed(faults)}`,
    `schedules    ${listed(choices)}`,
    `died         ${listed(crashPlaces)}`,
    `relay's disk ${listed(losses)}; ${number(count('device healed'))} times a device had healed it`,
    `documents    ${number(sum((each) => each.snapshots))} summed up, ${number(sum((each) => each.rebases))} rebased, ${number(sum((each) => each.pruned))} entries pruned; ${number(count('relay sends refilled'))} refills`,
    `lies         ${lies.map(([lie, name]) => `${number(count(`relay ${lie}`))} ${name}`).join(', ')}`,
    `noticed      ${lies
      .map(([lie, name]) => [name, count(`device notices that the relay ${lie}`)] as const)
      .filter(([, times]) => times > 0)
      .map(([name, times]) => `${number(times)} ${name}`)
      .join(', ')}`,
    `lost         ${number(sum((each) => each.lost))} edits that were promised; ${number(sum((each) => each.neverPromised))} died with their device before they were`,
    `virtual time ${describeTime(sum((each) => each.virtualMs))} in ${describeTime(realMs)}`,
  ].join('\n')
}

export function describeTime(ms: number): string {
  const seconds = Math.round(ms / 1_000)
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`
}
