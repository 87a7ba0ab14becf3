import { sleep } from '../processes/clock'
import type { Workload } from './workload'

const EDITS = 20

/** Many accounts of one device each, all at once; then what the server holds for them while they rest. */
export const manyAccounts = (accounts: number): Workload => ({
  name: 'W6',
  title: `${accounts} accounts, ${EDITS} edits each`,
  async run(stage) {
    const server = await stage.server()
    const hosts = await Promise.all([stage.devices('accounts 1'), stage.devices('accounts 2')])
    const emptyBytes = server.process.residentBytes ?? Number.NaN
    await Promise.all(
      hosts.map(async (host) => {
        for (let i = 0; i < accounts / hosts.length; i++) await host.call('create', server.url, 1)
      }),
    )
    await sleep(500)
    const spans = await Promise.all(hosts.map((host) => host.call('editAll', EDITS)))
    await server.process.call('persisted')
    const endMs = Math.max(Number(process.hrtime.bigint()) / 1e6, ...spans.map((span) => span.endMs))
    const startMs = Math.min(...spans.map((span) => span.startMs))
    await sleep(5_000)
    const idleBytes = server.process.residentBytes ?? Number.NaN
    return {
      'time ms': endMs - startMs,
      'server RSS MB': idleBytes / 1e6,
      'kB/account': (idleBytes - emptyBytes) / 1e3 / accounts,
    }
  },
})
