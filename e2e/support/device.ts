// The test's end of a device process: a method call there and back.
import { SyncError } from '@owlivion/sync'
import { onTestFinished } from 'vitest'
import type { DeviceCommands, DeviceReport } from './device-process'
import { type SourceProcess, startSourceProcess } from './source-process'

type Answer<K extends keyof DeviceCommands> = Awaited<ReturnType<DeviceCommands[K]>>

interface Waiting {
  resolve(result: never): void
  reject(error: Error): void
}

export class Device {
  /** The last `written` of `keepWriting` by whether the relay had confirmed it; -1 for none. */
  readonly written = { onDisk: -1, confirmed: -1 }
  /** Every error that the device reported by itself. */
  readonly problems: { readonly code: string; readonly message: string }[] = []
  private readonly waiting = new Map<number, Waiting>()
  private readonly writeListeners = new Set<() => void>()
  private asked = 0
  private readonly source: SourceProcess

  /** Starts the process, which ends with the test. @param path the device's SQLite file */
  constructor(readonly path: string) {
    this.source = startSourceProcess('e2e/support/device-process.ts', [path], (line) =>
      this.heard(JSON.parse(line) as DeviceReport),
    )
    const { source } = this
    onTestFinished(() => source.kill())
    void source.exited.then(() => {
      for (const { reject } of this.waiting.values())
        reject(new Error(`The device process is gone. ${source.errorOutput()}`))
      this.waiting.clear()
    })
  }

  /** Runs a command of the device process. @throws SyncError what the command threw */
  ask<K extends keyof DeviceCommands>(command: K, ...args: Parameters<DeviceCommands[K]>): Promise<Answer<K>> {
    const ask = this.asked++
    return new Promise<Answer<K>>((resolve, reject) => {
      if (this.source.hasExited) reject(new Error('The device process is gone.'))
      this.waiting.set(ask, { resolve: resolve as Waiting['resolve'], reject })
      this.source.send(JSON.stringify({ ask, command, args }))
    })
  }

  /** Resolves when `keepWriting` has reported at least this much. */
  async whenWritten(count: number): Promise<void> {
    while (Math.max(this.written.onDisk, this.written.confirmed) < count) {
      await new Promise<void>((resolve) => this.writeListeners.add(resolve))
    }
  }

  /** Ends the process between two instructions. */
  kill(): Promise<void> {
    return this.source.kill('SIGKILL')
  }

  /** Closes the account and lets the process end by itself. */
  async end(): Promise<void> {
    await this.ask('close')
    this.source.child.stdin?.end()
    await this.source.exited
  }

  private heard(report: DeviceReport): void {
    if ('problem' in report) {
      this.problems.push(report.problem)
    } else if ('written' in report) {
      this.written[report.confirmed ? 'confirmed' : 'onDisk'] = report.written
      for (const listener of [...this.writeListeners]) listener()
      this.writeListeners.clear()
    } else {
      const waiting = this.waiting.get(report.answer)
      this.waiting.delete(report.answer)
      if ('error' in report) {
        const { code, message } = report.error
        waiting?.reject(code ? new SyncError(code as SyncError['code'], message) : new Error(message))
      } else waiting?.resolve(report.result as never)
    }
  }
}
