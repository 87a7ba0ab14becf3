// Starts the processes of the bench and calls into them.
import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { nodeArguments } from '../files'
import type { Answer, Answers, Call } from './answers'

/** Longer than a workload takes most engines; a process that hangs fails its workload with a word. */
const CALL_TIMEOUT_MS = 120_000
/** Longer than writing a profile takes; a process whose loop hangs never hears that it may go. */
const END_TIMEOUT_MS = 10_000

/** A process with these answers; each call is a promise of what the answer there resolves to. */
export class Child<T extends Answers> {
  private lastId = 0
  private readonly waiting = new Map<number, (answer: Answer) => void>()
  private readonly ended: Promise<void>

  constructor(
    private readonly child: ChildProcess,
    private readonly what: string,
    private readonly callTimeoutMs: number,
  ) {
    child.on('message', (answer: Answer) => this.waiting.get(answer.id)?.(answer))
    this.ended = new Promise((resolve) => child.once('exit', () => resolve()))
    void this.ended.then(() => {
      for (const [id, settle] of this.waiting) settle({ id, error: 'the process has ended' })
    })
  }

  call<Name extends keyof T & string>(name: Name, ...args: Parameters<T[Name]>): Promise<Awaited<ReturnType<T[Name]>>> {
    const id = ++this.lastId
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => settle({ id, error: `no answer in ${this.callTimeoutMs / 1_000} s` }),
        this.callTimeoutMs,
      )
      const settle = (answer: Answer): void => {
        clearTimeout(timer)
        this.waiting.delete(id)
        if ('error' in answer) reject(new Error(`${this.what}, ${name}: ${answer.error}`))
        else resolve(answer.result as Awaited<ReturnType<T[Name]>>)
      }
      this.waiting.set(id, settle)
      // Without somebody to tell, a message to a process that is gone would end this one.
      this.child.send({ id, name, args } satisfies Call, (error) => {
        if (error !== null) settle({ id, error: error.message })
      })
    })
  }

  /** Resident memory, as the system counts it; undefined where there is no /proc. */
  get residentBytes(): number | undefined {
    try {
      const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8'))
      return match ? Number(match[1]) * 1_024 : undefined
    } catch {
      return undefined
    }
  }

  /** As a machine that fails takes it down: nothing is written any more. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.ended
  }

  /** Lets it end by itself, so that a profile of it is written; one that does not is killed. */
  async end(timeoutMs = END_TIMEOUT_MS): Promise<void> {
    if (this.child.connected) this.child.disconnect()
    const timer = setTimeout(() => this.child.kill('SIGKILL'), timeoutMs)
    await this.ended
    clearTimeout(timer)
  }
}

export interface ChildOptions {
  readonly file: URL
  readonly what: string
  readonly args: readonly string[]
  /** Where its CPU profile goes, if one is taken. */
  readonly profileFolder?: string | undefined
  readonly callTimeoutMs?: number | undefined
}

export function startChild<T extends Answers>({
  file,
  what,
  args,
  profileFolder,
  callTimeoutMs = CALL_TIMEOUT_MS,
}: ChildOptions): Child<T> {
  const folder = profileFolder && `${profileFolder}/${what.replaceAll(' ', '-')}`
  const child = fork(file, [...args], {
    execArgv: [...nodeArguments, ...(folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`])],
  })
  return new Child<T>(child, what, callTimeoutMs)
}
