// What the tabs of one profile find each other by.
import type { DeviceId } from '@owlivion/sync-protocol'
import { lockNameOf } from '../sync'
import type { MessageVersion } from './messages'

export class TabNames {
  /** Held by the tab that leads, and by any version of the app that has the profile to itself. */
  readonly lead: string
  /** Held while a silent leader's lead is being taken, so that only one does it. */
  readonly takeover: string
  readonly channel: string

  constructor(device: DeviceId) {
    this.lead = lockNameOf(device)
    this.takeover = `${this.lead} takeover`
    this.channel = `owlivion-sync ${this.lead} tabs`
  }

  /** Held beside `lead` by a leader that speaks with other tabs. */
  leader(tab: string, { v }: MessageVersion): string {
    return `${this.leaderPrefix}${v} ${tab}`
  }

  get leaderPrefix(): string {
    return `${this.lead} leader `
  }

  /** Held for as long as the tab lives. */
  presence(tab: string): string {
    return `${this.lead} tab ${tab}`
  }

  /** Where tabs tell each other who shows what in a document. */
  get presenceChannel(): string {
    return `${this.channel} presence`
  }

  /** Between a follower and the leader: what is large, or nobody else's business. */
  privateChannel(follower: string, leader: string): string {
    return `${this.channel} ${follower} ${leader}`
  }
}
