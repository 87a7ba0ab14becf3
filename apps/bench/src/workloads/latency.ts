import { sleep } from '../processes/clock'
import { quantile } from '../statistics'
import type { Workload } from './workload'

const CONTACTS = 100

/** One edit every few milliseconds: from the call on one device to the moment an ordinary read on the other shows it. */
export const liveLatency = (edits: number): Workload => ({
  name: 'W2',
  title: `Live: ${edits.toLocaleString('en')} edits, one every 5 ms`,
  async run(stage) {
    const server = await stage.server()
    const [writer, reader] = await Promise.all([stage.devices('writer'), stage.devices('reader')])
    const invitation = await writer.call('create', server.url, CONTACTS)
    await reader.call('join', server.url, invitation, CONTACTS)
    await reader.call('watch', edits)
    const sentBefore = await writer.call('sentBytes')
    const madeAtMs = await writer.call('editPaced', edits, 5)
    const [shownAtMs] = (await reader.call('shownAtMs')) as [number[]]
    const latencies = madeAtMs.map((madeMs, edit) => (shownAtMs[edit] as number) - madeMs)
    const sent = (await writer.call('sentBytes')) - sentBefore
    return { 'p50 ms': quantile(latencies, 0.5), 'p99 ms': quantile(latencies, 0.99), 'sent B/edit': sent / edits }
  },
})

/** One writer and many readers: each delivery to each reader counts. */
export const fanOut = (readers: number, edits: number): Workload => ({
  name: 'W5',
  title: `Fan-out: ${edits} edits, one every 20 ms, to ${readers} readers`,
  async run(stage) {
    const server = await stage.server()
    const [writer, ...hosts] = await Promise.all([
      stage.devices('writer'),
      stage.devices('readers 1'),
      stage.devices('readers 2'),
    ])
    const invitation = await writer.call('create', server.url, CONTACTS)
    for (const host of hosts)
      for (let i = 0; i < readers / hosts.length; i++) await host.call('join', server.url, invitation, CONTACTS)
    await settle(
      async () => {
        const all = [server.process, writer, ...hosts]
        return (await Promise.all(all.map((child) => child.call('cpuMs')))).reduce((sum, ms) => sum + ms, 0)
      },
      stage.isProfiled ? PROFILED_REST_SHARE : REST_SHARE,
    )
    for (const host of hosts) await host.call('watch', edits)
    const madeAtMs = await writer.call('editPaced', edits, 20)
    const shown = (await Promise.all(hosts.map((host) => host.call('shownAtMs')))).flat()
    const latencies = shown.flatMap((atMs) => madeAtMs.map((madeMs, edit) => (atMs[edit] as number) - madeMs))
    return { 'p50 ms': quantile(latencies, 0.5), 'p99 ms': quantile(latencies, 0.99) }
  },
})

const SETTLE_LOOK_MS = 500
const SETTLE_TIMEOUT_MS = 180_000
/** Of a core; four processes with a profiler in each take more at rest. */
const REST_SHARE = 0.1
const PROFILED_REST_SHARE = 0.5

/**
 * Joining leaves work behind; what is measured begins when half a second takes less than this share of a core. Some peers prove each
 * device to each other one and take half a minute of both cores for it: edits among that would be measured as something else.
 */
async function settle(cpuMs: () => Promise<number>, restShare: number): Promise<void> {
  let before = await cpuMs()
  for (let waitedMs = 0; waitedMs < SETTLE_TIMEOUT_MS; waitedMs += SETTLE_LOOK_MS) {
    await sleep(SETTLE_LOOK_MS)
    const now = await cpuMs()
    if (now - before < SETTLE_LOOK_MS * restShare) return
    before = now
  }
  throw new Error(`the devices are not at rest ${SETTLE_TIMEOUT_MS / 1_000} s after they joined`)
}
