// Runs what changes one document's verified log: a job at a time, in the order they came. A job that fails gives up the connection it
// began on, since what the relay sent is the likely reason; without one it is reported.
import { SyncError } from '../../errors'
import type { AccountContext } from '../account-context'
import type { DocumentLink } from './document-link'

export interface JobQueueOptions {
  readonly context: AccountContext
  link(): DocumentLink | undefined
  isClosed(): boolean
  /** After each job that went well. */
  done(): void
  /** After the last that there was. */
  idle(): void
}

export class JobQueue {
  private jobs: Promise<void> = Promise.resolve()
  private left = 0

  constructor(private readonly options: JobQueueOptions) {}

  get isIdle(): boolean {
    return this.left === 0
  }

  /** Resolves when all jobs that were given so far have ended. */
  get ended(): Promise<void> {
    return this.jobs
  }

  /**
   * Reads something while no other job runs. What it throws is the asker's.
   * @throws SyncError `closed` or `device-removed` when it was not reached
   */
  async ask<Answer>(job: () => Promise<Answer>): Promise<Answer> {
    let answer: { readonly value: Answer } | undefined
    let failure: { readonly cause: unknown } | undefined
    this.run(async () => {
      try {
        answer = { value: await job() }
      } catch (cause) {
        failure = { cause }
      }
    })
    await this.jobs
    if (failure !== undefined) throw (failure as { readonly cause: unknown }).cause
    if (answer !== undefined) return (answer as { readonly value: Answer }).value
    if (this.options.context.isRemoved)
      throw new SyncError('device-removed', 'This device was removed from the account.')
    throw new SyncError('closed', 'The account is closed.')
  }

  run(job: () => Promise<void>): void {
    this.left++
    this.jobs = this.jobs
      .then(() => this.runNow(job))
      .then(() => {
        if (--this.left === 0) this.options.idle()
      })
  }

  private async runNow(job: () => Promise<void>): Promise<void> {
    const { context } = this.options
    if (this.options.isClosed() || context.isRemoved) return
    const link = this.options.link()
    try {
      await job()
      this.options.done()
    } catch (cause) {
      // After closing, a rejected write is expected; before, nothing may pass in silence.
      if (this.options.isClosed()) return
      const error =
        cause instanceof SyncError
          ? cause
          : new SyncError('relay-misbehaved', 'Something the relay sent could not be processed.', { cause })
      if (link !== undefined && link === this.options.link()) link.distrust(error)
      else context.report(error)
    }
  }
}
