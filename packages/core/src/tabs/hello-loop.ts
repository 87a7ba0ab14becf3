// A tab that knows of no leader asks for one, again and again, while it waits in line for the lead.
import type { Platform } from '../platform'
import type { Election } from './election'

const HELLO_MS = 500
/** So many times before it looks whether the tab that has the lead could answer at all. */
const HELLOS_BEFORE_DOUBT = 6
/** So many times before a leader that could answer is taken for one that hangs. */
const HELLOS_BEFORE_TAKEOVER = 20

export interface HelloLoopOptions {
  say(): void
  /** Whoever has the lead is a version of the app that does not speak with other tabs, or does not share. */
  nobodyOurs(): void
}

export class HelloLoop {
  private said = 0
  private cancel: (() => void) | undefined

  constructor(
    private readonly platform: Platform,
    private readonly election: Election,
    private readonly options: HelloLoopOptions,
  ) {}

  start(): void {
    if (this.cancel !== undefined) return
    this.said = 0
    this.next()
  }

  stop(): void {
    this.cancel?.()
    this.cancel = undefined
  }

  private next(): void {
    this.options.say()
    this.said++
    this.cancel = this.platform.setTimer(HELLO_MS, () => this.next())
    if (this.said === HELLOS_BEFORE_DOUBT) void this.doubt()
    if (this.said === HELLOS_BEFORE_TAKEOVER) void this.takeOver()
  }

  private async doubt(): Promise<void> {
    if (!(await this.election.isLeaderOurs()) && this.cancel !== undefined) this.options.nobodyOurs()
  }

  private async takeOver(): Promise<void> {
    this.said = 0
    // One that does not share is left alone: it would not notice.
    if ((await this.election.isLeaderOurs()) && this.cancel !== undefined) await this.election.takeOver()
  }
}
