// The process of a server: `server.ts MODULE`.
import type { RunningServer, ServerModule } from '../engines/engine'
import { answerParent } from './answers'

const { start } = (await import(process.argv[2] as string)) as ServerModule
let server: RunningServer | undefined

const answers = {
  async start(options: Parameters<ServerModule['start']>[0]): Promise<number> {
    server = await start(options)
    return server.port
  },
  persisted: () => server?.persisted(),
  stop: () => server?.stop(),
  cpuMs: () => process.cpuUsage().user / 1_000 + process.cpuUsage().system / 1_000,
}
export type ServerAnswers = typeof answers

answerParent(answers)
