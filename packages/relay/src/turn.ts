// Group commit: everything that arrived in one turn of the event loop becomes one transaction, and only when it is on disk
// does anybody hear of it: first the author, then, in number order, the other followers of the document.
import { encodeFrame, type FrameType, type ProtocolCode } from '@owlivion/sync-protocol'
import type { ConnectedAccount } from './accounts'
import type { Follower } from './document-feed'
import { RelayError, toRefusal } from './errors'
import { judgePushes } from './judge-pushes'
import type { RelayLimits } from './limits'
import type { RelayLog, RelayPlatform } from './platform'
import type { Push } from './push'
import type { StorageHealth } from './storage-health'
import type { AppendRequest, AppendResult, ChainLink, RelayStore, SeenPut, SeenPutResult } from './store/relay-store'
import type { Tidier } from './tidier'

/** The connection a push or a row came from. */
export interface Author extends Follower {
  /** Called once for each push and row, whatever became of it. */
  answered(sizeBytes: number): void
  refuse(request: FrameType | '', error: RelayError): void
}

interface QueuedPush {
  readonly account: ConnectedAccount
  readonly author: Author
  readonly push: Push
  readonly isHeldUp: boolean
  attempts: number
}

interface QueuedSeen {
  readonly account: ConnectedAccount
  readonly author: Author
  readonly row: SeenPut
}

export interface TurnStats {
  commits: number
  pushes: number
  entries: number
  bytes: number
}

/** A keyring that changes under a push is judged again; more often than this it would be an attack or a defect. */
const MAX_ATTEMPTS = 5

export class Turn {
  readonly stats: TurnStats = { commits: 0, pushes: 0, entries: 0, bytes: 0 }
  private pushes: QueuedPush[] = []
  private seen: QueuedSeen[] = []
  private queued = 0
  private answered = 0
  private running: Promise<void> | undefined

  constructor(
    private readonly platform: RelayPlatform,
    private readonly store: RelayStore,
    private readonly limits: RelayLimits,
    private readonly health: StorageHealth,
    private readonly log: RelayLog,
    private readonly tidier: Tidier,
  ) {}

  push(account: ConnectedAccount, author: Author, push: Push): void {
    // As of now: who took the lease for a rebase before waits for what came before it.
    const isHeldUp = account.leases.isRebasing(push.document)
    this.pushes.push({ account, author, push, isHeldUp, attempts: 0 })
    this.queued++
    this.start()
  }

  putSeen(account: ConnectedAccount, author: Author, row: SeenPut): void {
    this.seen.push({ account, author, row })
    this.queued++
    this.start()
  }

  /** Resolves when everything queued so far is answered; what comes later is not waited for. */
  async settled(): Promise<void> {
    const target = this.queued
    while (this.answered < target && this.running !== undefined) await this.running
  }

  private start(): void {
    this.running ??= new Promise<void>((resolve) => {
      this.platform.defer(() => {
        void this.run()
          .catch((error) => this.log.error({ error }, 'a turn failed'))
          .then(() => {
            this.running = undefined
            resolve()
            if (this.pushes.length + this.seen.length > 0) this.start()
          })
      })
    })
  }

  private async run(): Promise<void> {
    this.tidier.postpone()
    const pushes = this.takePushes()
    const seen = this.seen
    this.seen = []
    try {
      if (pushes.length > 0) await this.appendAll(pushes)
    } catch (error) {
      for (const item of pushes) this.answer(item, this.toFailure(error))
    }
    try {
      if (seen.length > 0) await this.storeSeen(seen)
    } catch (error) {
      for (const { author, row } of seen) this.answerSeen(author, row, this.toFailure(error))
    }
    this.tidier.soon()
  }

  private takePushes(): QueuedPush[] {
    let bytes = 0
    let count = 0
    while (count < this.pushes.length) {
      bytes += (this.pushes[count] as QueuedPush).push.sizeBytes
      if (count > 0 && bytes > this.limits.maxTurnBytes) break
      count++
    }
    return this.pushes.splice(0, count)
  }

  private async appendAll(items: readonly QueuedPush[]): Promise<void> {
    const places = items.map(({ account, push }) => ({ account: account.id, ...push, sequence: push.first - 1 }))
    const links = await this.store.readChains(places)
    const judged = judgePushes(this.platform.sha512, items, links)
    const requests = judged.filter((each): each is AppendRequest => !(each instanceof RelayError))
    const { maxDocuments, maxAccountBytes } = this.limits
    const results =
      requests.length === 0 ? [] : await this.store.append(requests, { maxDocuments, maxBytes: maxAccountBytes })
    if (requests.length > 0) {
      this.stats.commits++
      this.health.worked()
    }
    // A refused push may stand behind one of the same turn that was stored: what the relay has is told as it is now.
    const ends = requests.length === judged.length ? links : await this.store.readChains(places).catch(() => links)
    const moved: QueuedPush[] = []
    let answered = 0
    items.forEach((item, index) => {
      const request = judged[index] as AppendRequest | RelayError
      if (request instanceof RelayError) {
        this.answer(item, this.withState(request, ends[index] as ChainLink))
        return
      }
      const result = results[answered++] as AppendResult
      if (result.kind === 'stored') this.stored(item, request, result)
      else if (result.kind === 'keyring-moved' && ++item.attempts < MAX_ATTEMPTS) moved.push(item)
      else this.answer(item, this.toRefused(item, result))
    })
    if (moved.length > 0) await this.judgeAgain(moved)
  }

  private async judgeAgain(moved: readonly QueuedPush[]): Promise<void> {
    try {
      for (const account of new Set(moved.map((item) => item.account))) await account.reload()
      this.pushes.unshift(...moved)
    } catch (error) {
      for (const item of moved) this.answer(item, this.toFailure(error))
    }
  }

  private stored(item: QueuedPush, request: AppendRequest, result: Extract<AppendResult, { kind: 'stored' }>): void {
    const { account, author, push } = item
    const { document, device, incarnation, last: sequence, signature } = push
    const { numbers, logHash, fresh } = result
    author.send(encodeFrame({ type: 'pushed', document, incarnation, sequence, numbers, logHash }))
    this.finish(author, push.sizeBytes)
    this.stats.pushes++
    if (fresh === 0) return
    const entries = request.entries.slice(-fresh).map((entry) => entry.envelope)
    this.stats.entries += fresh
    for (const entry of entries) this.stats.bytes += entry.length
    const last = numbers[numbers.length - 1] as number
    const first = last - fresh + 1
    let frame: Uint8Array | undefined
    account.feed.appended(document, {
      first,
      last,
      author,
      frame: () => {
        const heads = [{ device, incarnation, sequence, signature }]
        frame ??= encodeFrame({ type: 'page', document, first, entries, heads, logHash, newest: last, live: true })
        return frame
      },
    })
  }

  private withState(error: RelayError, { newest }: ChainLink): RelayError {
    const { code, document } = error
    if (code !== 'chain-gap' && code !== 'fork' && code !== 'already-covered') return error
    return new RelayError(code, undefined, { ...(document && { document }), state: newest })
  }

  private toRefused({ account, push }: QueuedPush, result: Exclude<AppendResult, { kind: 'stored' }>): RelayError {
    const { document } = push
    switch (result.kind) {
      case 'rebasing':
        return new RelayError(result.kind, undefined, {
          document,
          retryAfterMs: account.leases.rebasingForMs(document),
        })
      case 'fork':
      case 'chain-gap':
      case 'already-covered':
        return new RelayError(result.kind, undefined, { document, state: result.newest })
      case 'too-many-documents':
        return new RelayError(result.kind, undefined, { document, state: this.limits.maxDocuments })
      case 'keyring-moved':
        return new RelayError('keyring-conflict', undefined, { document })
      default:
        return new RelayError(result.kind, undefined, { document })
    }
  }

  private async storeSeen(items: readonly QueuedSeen[]): Promise<void> {
    const { maxDocuments, maxAccountBytes } = this.limits
    const rows = items.map(({ row }) => row)
    const results = await this.store.putSeen(rows, { maxDocuments, maxBytes: maxAccountBytes })
    items.forEach(({ account, author, row }, index) => {
      const result = results[index] as SeenPutResult
      if (result !== 'stored') {
        this.answerSeen(author, row, new RelayError(result, undefined, { document: row.document }))
        return
      }
      this.finish(author, row.envelope.length)
      const { document, envelope, signature } = row
      account.feed.broadcast(document, author, encodeFrame({ type: 'seen', document, envelope, signature }))
    })
  }

  private answer({ author, push }: QueuedPush, error: RelayError): void {
    this.finish(author, push.sizeBytes)
    author.refuse('push', withDocument(error, push))
  }

  private answerSeen(author: Author, row: SeenPut, error: RelayError): void {
    this.finish(author, row.envelope.length)
    author.refuse('seen-put', withDocument(error, row))
  }

  private finish(author: Author, sizeBytes: number): void {
    this.answered++
    author.answered(sizeBytes)
  }

  private toFailure(error: unknown): RelayError {
    const refusal = toRefusal(error)
    const code: ProtocolCode = 'storage-unavailable'
    if (refusal.code !== code) {
      this.log.error({ error }, 'a commit failed')
      return refusal
    }
    this.health.failed(error)
    return new RelayError(code, refusal.message, { retryAfterMs: this.limits.storageRetryMs })
  }
}

function withDocument(error: RelayError, { document }: Pick<Push, 'document'>): RelayError {
  const { code, message, state, retryAfterMs } = error
  return new RelayError(code, message, {
    document,
    ...(state !== undefined && { state }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}
