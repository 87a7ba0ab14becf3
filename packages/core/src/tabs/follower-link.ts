// A follower's side of the conversation: what it asks of the leader, and whether that still answers.
import { SyncError } from '../errors'
import type { Platform, TabChannel, TabPlatform } from '../platform'
import { type FollowerMessage, type LeaderMessage, ourVersion, readMessage, toSend } from './messages'
import { errorFrom } from './plain-error'
import type { TabNames } from './tab-names'

/** How often a follower asks whether the leader is there. Browsers call timers of hidden tabs more rarely, which only makes it slower. */
const PING_MS = 2_000
/** So many questions without an answer, and the leader hangs. */
const MISSED_PINGS = 5

export interface FollowerLinkOptions {
  readonly platform: Platform
  readonly tabs: TabPlatform
  readonly names: TabNames
  readonly tab: string
  /** The leader does not answer any more. */
  silent(): void
}

interface Question {
  resolve(value: unknown): void
  reject(error: SyncError): void
}

export class FollowerLink {
  private readonly channel: TabChannel
  private readonly questions = new Map<number, Question>()
  private lastId = 0
  private missed = 0
  private cancelPing: (() => void) | undefined

  constructor(
    private readonly options: FollowerLinkOptions,
    /** The tab that leads. */
    readonly leader: string,
  ) {
    const { tabs, names, tab } = options
    this.channel = tabs.channel(names.privateChannel(tab, leader), (data) => {
      const message = readMessage<LeaderMessage>(data)
      if (message?.from === leader) this.received(message)
    })
    this.ping()
  }

  tell(message: FollowerMessage): void {
    const { tab } = this.options
    this.channel.post(toSend(message, tab, ourVersion))
  }

  /** @throws SyncError what the leader refuses with, `lead-lost` when it leads no more */
  load(name: string): Promise<unknown> {
    return this.ask((id) => ({ kind: 'load', id, name }))
  }

  call(method: string, parameters: readonly unknown[]): Promise<unknown> {
    return this.ask((id) => ({ kind: 'call', id, method, parameters }))
  }

  askForLead(): Promise<unknown> {
    return this.ask((id) => ({ kind: 'give-lead', id }))
  }

  close(): void {
    this.cancelPing?.()
    this.cancelPing = undefined
    this.channel.close()
    const questions = [...this.questions.values()]
    this.questions.clear()
    for (const { reject } of questions)
      reject(new SyncError('lead-lost', 'Another window took over before this was done.'))
  }

  private ask(message: (id: number) => FollowerMessage): Promise<unknown> {
    const id = ++this.lastId
    return new Promise((resolve, reject) => {
      this.questions.set(id, { resolve, reject })
      this.tell(message(id))
    })
  }

  private received(message: LeaderMessage): void {
    this.missed = 0
    if (message.kind === 'pong') return
    const question = this.questions.get(message.id)
    this.questions.delete(message.id)
    if (message.kind === 'answer') question?.resolve(message.value)
    else if (message.kind === 'refusal') question?.reject(errorFrom(message.error))
  }

  private ping(): void {
    this.tell({ kind: 'ping' })
    this.cancelPing = this.options.platform.setTimer(PING_MS, () => {
      if (++this.missed >= MISSED_PINGS) {
        this.missed = 0
        this.options.silent()
      }
      if (this.cancelPing !== undefined) this.ping()
    })
  }
}
