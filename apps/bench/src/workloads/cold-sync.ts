import { sleep } from '../processes/clock'
import type { Workload } from './workload'

/** One device writes a book and goes; half a second later a new device, whose process is up, gets it. */
export const coldSync = (name: string, contacts: number): Workload => ({
  name,
  title: `Cold sync: a new device and ${contacts.toLocaleString('en')} contacts`,
  async run(stage) {
    const server = await stage.server()
    const writer = await stage.devices('writer')
    const invitation = await writer.call('create', server.url, contacts)
    await server.process.call('persisted')
    await writer.call('close')
    await writer.end()
    const reader = await stage.devices('reader')
    await sleep(500)
    const { ms, receivedBytes } = await reader.call('join', server.url, invitation, contacts)
    const readerRssMb = (await reader.call('residentBytes')) / 1e6
    await reader.call('close')
    await server.process.call('stop')
    return {
      'time ms': ms,
      'received kB': receivedBytes / 1e3,
      'disk kB': stage.diskBytes() / 1e3,
      'reader RSS MB': readerRssMb,
    }
  },
})
