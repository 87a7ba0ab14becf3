import type { Workload } from './workload'

const EDITS = 300
const CONTACTS = 100

/** The server and the writer are killed at the moment in which the engine says that everything is at the server. */
export const durability: Workload = {
  name: 'W7',
  title: `Durability: the server is killed when it has acknowledged ${EDITS} edits`,
  async run(stage) {
    const server = await stage.server()
    const writer = await stage.devices('writer')
    const invitation = await writer.call('create', server.url, CONTACTS)
    await server.process.call('persisted')
    await writer.call('editAndAcknowledge', EDITS)
    await Promise.all([server.process.kill(), writer.kill()])
    // The same port: where an account's relay is may be part of what a device was invited to.
    const restarted = await stage.server(Number(new URL(server.url).port))
    const reader = await stage.devices('reader')
    return { lost: await reader.call('missing', restarted.url, invitation, CONTACTS, EDITS) }
  },
}
