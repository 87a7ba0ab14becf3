import { sleep } from '../processes/clock'
import { OFFLINE_CONTACTS } from './cells'
import type { Workload } from './workload'

const LOOK_MS = 25
const TIMEOUT_MS = 60_000

/** Two devices write 1,000 edits each without a connection, half of them to the same cells, and come back at once. */
export const offlineMerge: Workload = {
  name: 'W4',
  title: 'Offline merge: twice 1,000 edits, half of them of the same cells',
  async run(stage) {
    const server = await stage.server()
    const [first, second] = await Promise.all([stage.devices('first'), stage.devices('second')])
    const invitation = await first.call('create', server.url, OFFLINE_CONTACTS)
    await second.call('join', server.url, invitation, OFFLINE_CONTACTS)
    await Promise.all([first.call('disconnect'), second.call('disconnect')])
    await sleep(500)
    await Promise.all([first.call('editOffline', 0), second.call('editOffline', 1)])
    const startMs = Math.min(...(await Promise.all([first.call('connect'), second.call('connect')])))
    const endMs = startMs + TIMEOUT_MS
    for (;;) {
      await sleep(LOOK_MS)
      const [a, b] = await Promise.all([first.call('merge'), second.call('merge')])
      if (a?.isComplete && b?.isComplete && a.values === b.values) {
        // Equal to the last field, not only where somebody wrote.
        const digests = await Promise.all([first.call('digest'), second.call('digest')])
        if (digests[0] !== digests[1]) throw new Error('the devices differ in what nobody wrote')
        return { 'time ms': Math.max(a.sinceMs, b.sinceMs) - startMs }
      }
      if (Number(process.hrtime.bigint()) / 1e6 > endMs) throw new Error(`no merge in ${TIMEOUT_MS / 1_000} s`)
    }
  },
}
