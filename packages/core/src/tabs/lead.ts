// The lead of a tab, from taking the store to giving it back: the engine, and the conversation with the other tabs.
import { SyncError } from '../errors'
import type { Platform, TabPlatform } from '../platform'
import type { Store } from '../storage'
import { SyncEngine } from '../sync'
import { LeaderHost, type LeaderHostOptions } from './leader-host'
import { leaderStore } from './leader-store'
import type { Mirror } from './mirror'
import type { TabNames } from './tab-names'

/** A store that several tabs can have open. */
export type SharedStore = Store & Required<Pick<Store, 'fence'>>

export interface LeadOptions extends Pick<LeaderHostOptions, 'changed' | 'isOnlineWanted' | 'post'> {
  readonly platform: Platform
  readonly tabs: TabPlatform
  readonly names: TabNames
  readonly tab: string
  readonly store: SharedStore
  setOnline(isWanted: boolean): void
  /** Ends the account in every tab, with everything that is kept of it. */
  destroy(): Promise<void>
  giveLead(): Promise<void>
  /** Another tab has taken the store. */
  lost(): void
}

export class Lead {
  private constructor(
    readonly engine: SyncEngine,
    readonly host: LeaderHost,
  ) {}

  /** @throws SyncError as `SyncEngine.open` */
  static async open(options: LeadOptions): Promise<Lead> {
    const { platform, store, setOnline, destroy, giveLead, lost } = options
    // From here on no earlier leader writes any more, and what it has written is all there is to read.
    const fence = await store.fence()
    const engine = await SyncEngine.open(platform, leaderStore(store, fence, lost), async () => () => {})
    const host = new LeaderHost({
      ...options,
      engine,
      calls: { engine, setOnline, destroy },
      giveLead: async () => {
        if (engine.isInConversation)
          throw new SyncError('profile-in-use', 'Another window is about to let a device in; finish that first.')
        await giveLead()
      },
    })
    return new Lead(engine, host)
  }

  get mirror(): Mirror {
    return this.host.mirror
  }

  /** Ends the connection at once, and the rest when what is written is stored, or refused. Answers that are owed can still be given. */
  async close(options: { readonly destroy?: boolean } = {}): Promise<void> {
    this.host.close()
    await this.engine.close(options)
  }
}
