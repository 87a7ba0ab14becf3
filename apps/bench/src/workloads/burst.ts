import type { Workload } from './workload'

const CONTACTS = 100

/** As fast as the engine takes edits, until the other device shows all of them and the server has them for good. */
export const burst = (edits: number): Workload => ({
  name: 'W3',
  title: `Burst: ${edits.toLocaleString('en')} edits until durable and seen`,
  async run(stage) {
    const server = await stage.server()
    const [writer, reader] = await Promise.all([stage.devices('writer'), stage.devices('reader')])
    const invitation = await writer.call('create', server.url, CONTACTS)
    await reader.call('join', server.url, invitation, CONTACTS)
    const shown = reader.call('shownBurst', edits)
    const startMs = await writer.call('burst', edits)
    const shownMs = await shown
    await writer.call('acknowledged')
    await server.process.call('persisted')
    const endMs = Math.max(shownMs, Number(process.hrtime.bigint()) / 1e6)
    const seconds = (endMs - startMs) / 1_000
    return { 'updates/s': edits / seconds, 'total ms': seconds * 1_000, 'seen ms': shownMs - startMs }
  },
})
