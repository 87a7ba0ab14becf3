// One device's document with its link in the test's hands: what it sends is collected, what it hears is said.
import type { DocumentId, Frame, Refusal } from '@owlivion/sync-protocol'
import type { SyncError } from '../../../src/errors'
import { MemoryDisk } from '../../../src/storage'
import { refusalToError } from '../../../src/sync/connection/refusal'
import type { DocumentLink } from '../../../src/sync/document/document-link'
import type { DocumentFrame } from '../../../src/sync/document/document-part'
import { DocumentSync } from '../../../src/sync/document/document-sync'
import type { ContextOptions, TestAccount, TestContext } from './account'
import { settle } from './fake-platform'
import type { FrameOf, TestLog } from './log'

export class TestLink implements DocumentLink {
  readonly sent: Frame[] = []
  subscribes = 0
  keyringReads = 0
  readonly distrusted: SyncError[] = []

  send(frame: Frame): void {
    this.sent.push(frame)
  }
  sendLarge(frames: Iterable<Frame>): void {
    this.sent.push(...frames)
  }
  subscribe(): void {
    this.subscribes++
  }
  readKeyring(): void {
    this.keyringReads++
  }
  distrust(error: SyncError): void {
    this.distrusted.push(error)
  }

  get pushes(): FrameOf<'push'>[] {
    return this.sent.filter((frame): frame is FrameOf<'push'> => frame.type === 'push')
  }
  get lastPush(): FrameOf<'push'> {
    const push = this.pushes.at(-1)
    if (push === undefined) throw new TypeError('nothing was pushed')
    return push
  }
}

export class TestDevice {
  link = new TestLink()
  /** What the app was told: ids of changed records, or undefined for any. */
  readonly changes: (readonly string[] | undefined)[] = []
  onChange: (changed: ReadonlySet<string> | undefined) => void = () => {}

  private constructor(
    readonly context: TestContext,
    readonly disk: MemoryDisk,
    readonly sync: DocumentSync,
  ) {}

  static async open(
    account: TestAccount,
    index: number,
    document: DocumentId,
    options: ContextOptions = {},
  ): Promise<TestDevice> {
    const disk = options.disk ?? new MemoryDisk()
    const context = await account.context(index, { ...options, disk })
    let device: TestDevice | undefined
    const sync = await DocumentSync.open(
      context,
      document,
      (changed) => {
        device?.changes.push(changed && [...changed])
        device?.onChange(changed)
      },
      () => {},
    )
    device = new TestDevice(context, disk, sync)
    return device
  }

  /** A new connection that has asked for what it misses. */
  async connect(): Promise<TestLink> {
    this.link = new TestLink()
    this.sync.connected(this.link)
    await settle()
    return this.link
  }

  async disconnect(): Promise<void> {
    this.sync.disconnected()
    await settle()
  }

  /** Hears everything the log has beyond the device's cursor. */
  async catchUp(log: TestLog): Promise<void> {
    await this.hear(log.page(this.sync.cursor.number))
  }

  async hear(frame: DocumentFrame): Promise<void> {
    this.sync.received(frame)
    await settle()
  }

  async refuse(code: string, more: Partial<Refusal> = {}): Promise<void> {
    const refusal: Refusal = {
      type: 'refused',
      request: 'push',
      document: this.sync.document,
      code,
      retryable: true,
      message: code,
      ...more,
    }
    this.sync.refused(refusal, refusalToError(refusal))
    await settle()
  }

  /** Sends what is pending, push after push, until the log has all of it. */
  async flushTo(log: TestLog): Promise<void> {
    for (let rounds = 0; this.sync.status.unsent > 0; rounds++) {
      if (rounds > 100) throw new TypeError('nothing moves')
      const sent = this.link.pushes.length
      if (sent === 0) throw new TypeError('nothing was pushed')
      await this.hear(log.push(this.link.lastPush))
      if (this.sync.cursor.number < log.newest) await this.catchUp(log)
    }
  }

  async add(id: string, fields: Record<string, string> = { name: id }): Promise<void> {
    await this.sync.transact([{ kind: 'add', id, fields }]).stored
    await settle()
  }

  async update(id: string, fields: Record<string, string>): Promise<void> {
    await this.sync.transact([{ kind: 'update', id, fields }]).stored
    await settle()
  }

  get records(): Record<string, unknown> {
    const { registers } = this.sync
    return Object.fromEntries([...registers.ids()].sort().map((id) => [id, { ...registers.get(id) }]))
  }
}
