import { startRelayServer } from '@owlivion/relay'
import type { ServerModule } from './engine'

export const start: ServerModule['start'] = async ({ folder, port }) => {
  const server = await startRelayServer({ data: folder, port })
  return {
    port: Number(new URL(server.url).port),
    // What it acknowledged is on the disk already.
    persisted: async () => undefined,
    stop: () => server.stop(),
  }
}
