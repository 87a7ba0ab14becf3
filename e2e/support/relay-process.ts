// A relay as its users run it: a process, a port and a data folder.
import { onTestFinished } from 'vitest'
import { type SourceProcess, startSourceProcess } from './source-process'

export interface RelayProcessOptions {
  readonly data: string
  /** 0 (default) for any free port. */
  readonly port?: number
  readonly arguments?: readonly string[]
}

export interface RelayProcess {
  readonly port: number
  /** What a device dials. */
  readonly url: string
  /** Everything the relay logged so far. */
  log(): string
  get(path: '/health' | '/ready'): Promise<{ readonly status: number; readonly body: unknown }>
  kill(): Promise<void>
  /** Asks it to end in order, and waits. */
  stop(): Promise<void>
}

/** Resolves when the port is open. The process ends with the test. */
export async function startRelay(options: RelayProcessOptions): Promise<RelayProcess> {
  const { data, port = 0, arguments: more = [] } = options
  let relay: SourceProcess | undefined
  const url = await new Promise<string>((resolve, reject) => {
    relay = startSourceProcess(
      'packages/relay/src/main.ts',
      ['serve', '--data', data, '--port', String(port), ...more],
      (line) => {
        const ready = /^relay ready on (http:\/\/\S+)$/.exec(line)
        if (ready?.[1] !== undefined) resolve(ready[1])
      },
    )
    const started = relay
    onTestFinished(() => started.kill())
    void started.exited.then(() => reject(new Error(`The relay ended before it was ready: ${started.errorOutput()}`)))
  })
  const running = relay as SourceProcess
  return {
    port: Number(new URL(url).port),
    url: url.replace('http:', 'ws:'),
    log: () => running.errorOutput(),
    async get(path) {
      const response = await fetch(url + path)
      return { status: response.status, body: await response.json() }
    },
    kill: () => running.kill('SIGKILL'),
    stop: () => running.kill('SIGTERM'),
  }
}
