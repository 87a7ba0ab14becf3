// What all tabs of a profile hear, and which of it this tab can understand.
import type { TabChannel, TabPlatform } from '../platform'
import { areCompatible, ourVersion, readMessage, type Sent, type SharedMessage, toSend } from './messages'
import type { TabNames } from './tab-names'

export interface SharedChannelOptions {
  readonly tabs: TabPlatform
  readonly names: TabNames
  readonly tab: string
  hello(from: string): void
  leader(from: string, to: string | undefined): void
  /** A tab of a newer version of the app, with which there is no common language. */
  newer(): void
  /** Everything else. */
  received(message: Sent<Exclude<SharedMessage, { readonly kind: 'hello' | 'leader' }>>): void
}

export class SharedChannel {
  private readonly channel: TabChannel

  constructor(private readonly options: SharedChannelOptions) {
    const { tabs, names, tab } = options
    this.channel = tabs.channel(names.channel, (data) => {
      const message = readMessage<SharedMessage>(data)
      if (message !== undefined && message.from !== tab) this.receive(message)
    })
  }

  post(message: SharedMessage): void {
    this.channel.post(toSend(message, this.options.tab, ourVersion))
  }

  close(): void {
    this.channel.close()
  }

  private receive(message: Sent<SharedMessage>): void {
    const { options } = this
    const isStranger = !areCompatible(message, ourVersion)
    if (message.kind === 'hello') {
      // The newer has the profile: it can read what the older wrote. An older one is told who leads, and knows what to do.
      if (isStranger && message.v > ourVersion.v) options.newer()
      else options.hello(message.from)
    } else if (message.kind === 'leader') {
      if (!isStranger) options.leader(message.from, message.to)
      else if (message.v > ourVersion.v) options.newer()
    } else if (!isStranger) options.received(message as Parameters<SharedChannelOptions['received']>[0])
  }
}
