// Which tab leads. The lead is a lock that the browser takes back when a tab ends in whatever way; the others wait in line for it. A
// leader that is stopped gives it up by itself; one that hangs has it taken away, and its writes are refused from then on (see
// leader-store.ts).
import type { TabPlatform } from '../platform'
import { ourVersion } from './messages'
import type { TabNames } from './tab-names'

export interface ElectionOptions {
  readonly tabs: TabPlatform
  readonly names: TabNames
  readonly tab: string
  /** The lead is this tab's. @returns when it has told the others, or has given it up again */
  won(): Promise<void>
  /** Another tab took it away. */
  lost(): void
}

export class Election {
  private waiting: AbortController | undefined
  private releases: (() => void)[] = []
  /** Counts what ends a lead, or the wish for one: an answer to an older question is handed back. */
  private term = 0

  constructor(private readonly options: ElectionOptions) {}

  /** Takes the lead if nobody has it. */
  async tryNow(): Promise<boolean> {
    return this.take('now')
  }

  /** Waits in line for it. */
  wait(): void {
    if (this.waiting !== undefined || this.releases.length > 0) return
    const waiting = new AbortController()
    this.waiting = waiting
    void this.take('wait', waiting.signal).then((isTaken) => {
      if (this.waiting === waiting) this.waiting = undefined
      if (isTaken) void this.options.won()
    })
  }

  /** Takes it from a tab that hangs, or that gives it. Only one tab does so at a time. */
  async takeOver(): Promise<void> {
    const { tabs, names, won } = this.options
    const release = await tabs.hold(names.takeover, { mode: 'now' })
    if (release === undefined) return
    this.stopWaiting()
    try {
      if (await this.take('steal')) await won()
      else this.wait()
    } finally {
      release()
    }
  }

  /** Neither leads nor wants to. Done at once: a page that is about to be stopped has no later. */
  giveUp(): void {
    this.term++
    this.stopWaiting()
    const { releases } = this
    this.releases = []
    for (const release of releases) release()
  }

  /** The leader, or whoever has its lock, speaks with other tabs. */
  async isLeaderOurs(): Promise<boolean> {
    const { tabs, names } = this.options
    return (await tabs.held()).some((name) => name.startsWith(names.leaderPrefix))
  }

  private stopWaiting(): void {
    this.waiting?.abort()
    this.waiting = undefined
  }

  private async take(mode: 'now' | 'wait' | 'steal', signal?: AbortSignal): Promise<boolean> {
    const { tabs, names, tab } = this.options
    const term = ++this.term
    const lost = (): void => {
      if (term !== this.term) return
      this.giveUp()
      this.options.lost()
    }
    const release = await tabs.hold(names.lead, { mode, lost, ...(signal && { signal }) })
    if (release === undefined) return false
    const releaseName = await tabs.hold(names.leader(tab, ourVersion), { mode: 'now' })
    if (term !== this.term) {
      releaseName?.()
      release()
      return false
    }
    this.releases = [release, ...(releaseName ? [releaseName] : [])]
    return true
  }
}
