// A log that can be summed up, as a relay keeps one, in as few lines as it can be said: compare-and-set, verdicts, pruning by hand, and
// answers to whatever the devices of a test ask. It trusts everybody; a test that wants it to lie alters what it keeps.
import {
  bytesEqual,
  countRebases,
  type DeviceId,
  type DocumentId,
  decodeEnvelope,
  decodeLargeEnvelope,
  decodeSnapshotFile,
  decodeSnapshotHeader,
  type ExemptEntry,
  encodeFrame,
  epochAt,
  type Frame,
  type Hash,
  SnapshotAssembly,
  type SnapshotHeader,
  type SnapshotVerdict,
  splitSnapshot,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import { hashEntry } from '../../../src/crypto'
import type { TestContext } from './account'
import type { TestDevice } from './device'
import { settle } from './fake-platform'
import { type FrameOf, TestLog } from './log'

export interface KeptSnapshot {
  readonly hash: Hash
  readonly file: Uint8Array
  readonly header: SnapshotHeader
  readonly author: DeviceId
  /** Nothing goes back behind it. */
  readonly isRebase: boolean
  storedAtMs: number
  verdicts: SnapshotVerdict[]
}

export class SnapshotLog extends TestLog {
  readonly snapshots: KeptSnapshot[] = []
  /** Entries up to this number are gone, but for the exempt ones of the current snapshot. */
  prunedTo = 0
  timeMs = 1_700_000_000_000
  /** Counts the rebases. */
  documentEpoch = 0
  /** Who may rebase the document; pushes wait meanwhile. */
  leasedTo: TestDevice | undefined
  /** What is sent and does not arrive. */
  isLost: (snapshot: KeptSnapshot) => boolean = () => false
  /** What was said to devices: how many frames, of how many bytes. */
  readonly said = { frames: 0, bytes: 0 }
  private readonly member: TestContext
  private readonly assemblies = new Map<TestDevice, SnapshotAssembly>()
  private readonly heard = new Map<TestDevice, { link: unknown; sent: number; subscribes: number; told: string }>()

  /** @param member of the account, whose keyring tells under which keys entries are sealed */
  constructor(member: TestContext, document: DocumentId) {
    super(member, document)
    this.member = member
  }

  /** The newest that was not rejected without having been accepted. */
  get current(): KeptSnapshot | undefined {
    return this.snapshots.findLast(
      ({ isRebase, verdicts }) =>
        isRebase ||
        !verdicts.some(({ verdict }) => verdict === 'reject') ||
        verdicts.some(({ verdict }) => verdict === 'accept'),
    )
  }

  /** Answers everything that these devices have asked, and tells them the news, until nobody asks any more. */
  async serve(...devices: readonly TestDevice[]): Promise<void> {
    for (let rounds = 0; ; rounds++) {
      if (rounds > 200) throw new TypeError('nobody gets what it wants')
      await settle()
      let isQuiet = true
      for (const device of devices) if (await this.serveOne(device)) isQuiet = false
      if (isQuiet) return
    }
  }

  /** Time passes for these devices, and what they do in it is answered. */
  async wait(ms: number, ...devices: readonly TestDevice[]): Promise<void> {
    this.timeMs += ms
    for (const device of devices) await device.context.platform.advance(ms)
    await this.serve(...devices)
  }

  private async serveOne(device: TestDevice): Promise<boolean> {
    const { link } = device
    const known = this.heard.get(device)
    const before = known?.link === link ? known : { link, sent: 0, subscribes: 0, told: '' }
    const now = { link, sent: link.sent.length, subscribes: link.subscribes, told: this.news() }
    this.heard.set(device, now)
    let hasSaid = false
    if (now.told !== before.told) {
      for (const each of this.snapshots) await this.say(device, this.offer(each))
      hasSaid = true
    }
    if (now.subscribes > before.subscribes) {
      await this.answerSubscribe(device)
      hasSaid = true
    }
    for (const frame of link.sent.slice(before.sent)) hasSaid = (await this.answer(device, frame)) || hasSaid
    if (!hasSaid && device.sync.status.caughtUp && device.sync.cursor.number < this.newest) {
      await this.say(device, this.page(device.sync.cursor.number, this.newest, true))
      return true
    }
    return hasSaid
  }

  private async say(device: TestDevice, frame: Frame): Promise<void> {
    this.said.frames++
    this.said.bytes += encodeFrame(frame).length
    if (frame.type === 'refused') await device.refuse(frame.code, frame)
    else await device.hear(frame as FrameOf<'page'>)
  }

  private async answerSubscribe(device: TestDevice): Promise<void> {
    const { number } = device.sync.cursor
    const accepted = this.snapshots.findLast(({ verdicts }) => verdicts.some(({ verdict }) => verdict === 'accept'))
    const instead = number < this.prunedTo ? this.current : number === 0 ? accepted : undefined
    if (instead === undefined) await this.say(device, this.page(number))
    else await this.send(device, instead)
  }

  private async answer(device: TestDevice, frame: Frame): Promise<boolean> {
    switch (frame.type) {
      case 'push':
        await this.say(device, this.answerPush(frame))
        return true
      case 'lease':
        await this.say(device, this.answerLease(device, frame))
        return true
      case 'snapshot-put': {
        const assembly = this.assemblies.get(device) ?? new SnapshotAssembly()
        this.assemblies.set(device, assembly)
        const file = assembly.add({ ...frame.part, bytes: frame.part.bytes.slice() })
        if (file === undefined) return false
        await this.say(device, this.put(frame.part.hash, file, this.leasedTo === device))
        return true
      }
      case 'snapshot-fetch': {
        const { hash } = frame
        const found = hash ? this.snapshots.find((each) => bytesEqual(each.hash, hash)) : this.current
        if (found === undefined) await this.say(device, this.refusal('snapshot-fetch', 'snapshot-missing'))
        else await this.send(device, found)
        return true
      }
      case 'snapshot-verdict': {
        const { hash, verdict, signature } = frame
        const found = this.snapshots.find((each) => bytesEqual(each.hash, hash))
        if (found === undefined) return false
        found.verdicts = [
          ...found.verdicts.filter((each) => !bytesEqual(each.device, device.context.device)),
          { device: device.context.device, verdict, signature },
        ]
        return true
      }
      default:
        return false
    }
  }

  private answerPush(frame: FrameOf<'push'>): FrameOf<'pushed'> | FrameOf<'refused'> {
    const { documentEpoch } = decodeEnvelope(frame.entries[0]!)
    const isKnown = this.entries.some(({ bytes }) => bytesEqual(bytes, frame.entries[0]!))
    if (this.isCovered(frame)) return this.refusal('push', 'already-covered')
    if (this.leasedTo !== undefined && !isKnown) return { ...this.refusal('push', 'rebasing'), retryAfterMs: 10_000 }
    if (documentEpoch !== this.documentEpoch && !isKnown) return this.refusal('push', 'stale-document-epoch', false)
    return this.push(frame)
  }

  private answerLease(
    device: TestDevice,
    { purpose, release }: FrameOf<'lease'>,
  ): FrameOf<'leased'> | FrameOf<'refused'> {
    if (release) {
      if (this.leasedTo === device) this.leasedTo = undefined
    } else if (this.leasedTo !== undefined && this.leasedTo !== device) return this.refusal('lease', 'lease-taken')
    else this.leasedTo = device
    return { type: 'leased', document: this.document, purpose, forMs: release ? 0 : 10_000 }
  }

  /** Compare-and-set. */
  put(hash: Hash, file: Uint8Array, mayRebase = false): FrameOf<'snapshot-stored'> | FrameOf<'refused'> {
    const { header: bytes, envelope } = decodeSnapshotFile(file)
    const header = decodeSnapshotHeader(bytes)
    const { current } = this
    const isNext = bytesEqual(header.parent ?? ZERO_HASH, current?.hash ?? ZERO_HASH)
    const isRebase = mayRebase && countRebases(header.documentEpoch) === countRebases(this.documentEpoch) + 1
    const isFurther = isRebase
      ? header.coveredNumber === this.newest
      : header.coveredNumber > (current?.header.coveredNumber ?? 0) && header.coveredNumber <= this.newest
    if (!isNext || !isFurther || (!isRebase && header.documentEpoch !== this.documentEpoch))
      return this.refusal('snapshot-put', 'snapshot-conflict')
    if (!bytesEqual(header.coveredHash, this.hashAt(header.coveredNumber)))
      return this.refusal('snapshot-put', 'snapshot-refused', false)
    const author = decodeLargeEnvelope(envelope).device.slice() as DeviceId
    const kept = { hash: hash.slice() as Hash, file, header, author, isRebase, storedAtMs: this.timeMs, verdicts: [] }
    this.snapshots.push(kept)
    if (isRebase) this.leasedTo = undefined
    this.documentEpoch = header.documentEpoch
    return { type: 'snapshot-stored', document: this.document, hash: kept.hash }
  }

  offer(each: KeptSnapshot): FrameOf<'snapshot-offered'> {
    const { hash, header, author, file, storedAtMs, verdicts } = each
    const { coveredNumber, coveredHash, documentEpoch } = header
    return {
      ...{ type: 'snapshot-offered', document: this.document, hash, coveredNumber, coveredHash, documentEpoch, author },
      ...{ sizeBytes: file.length, storedAtMs, isCurrent: each === this.current, verdicts },
    }
  }

  async send(device: TestDevice, snapshot: KeptSnapshot): Promise<void> {
    if (this.isLost(snapshot)) return
    const { hash, file, header } = snapshot
    for (const part of splitSnapshot(hash, file))
      await this.say(device, { type: 'snapshot', document: this.document, part })
    const entries = header.exempt.map((number) => this.exemptEntry(number))
    const heads = header.exempt.flatMap((number) => this.page(number - 1, number).heads)
    await this.say(device, { type: 'exempt', document: this.document, hash, entries, heads, isLast: true })
  }

  /** As a relay does a week after the current snapshot was accepted. */
  prune(): void {
    this.prunedTo = this.current?.header.coveredNumber ?? 0
  }

  private exemptEntry(number: number): ExemptEntry {
    const { bytes, device, incarnation, sequence } = this.entries[number - 1]!
    const before = this.entries.find(
      (each) => each.incarnation === incarnation && bytesEqual(each.device, device) && each.sequence === sequence - 1,
    )
    return { number, envelope: bytes, previous: before === undefined ? ZERO_HASH : this.entryHash(before) }
  }

  private entryHash({ bytes, device, incarnation, sequence }: SnapshotLog['entries'][number]): Hash {
    const before = this.entries.find(
      (each) => each.incarnation === incarnation && bytesEqual(each.device, device) && each.sequence === sequence - 1,
    )
    const { account, platform } = this.member
    const envelope = decodeEnvelope(bytes)
    const keyId = epochAt(this.member.keyring(), envelope.epoch)?.keyId ?? ZERO_HASH
    const previous = before === undefined ? ZERO_HASH : this.entryHash(before)
    return hashEntry(platform.signing.sha512, bytes, envelope, { account, document: this.document, keyId, previous })
      .hash
  }

  private isCovered({ entries }: FrameOf<'push'>): boolean {
    const { device, incarnation, sequence } = decodeEnvelope(entries[0]!)
    const known = this.entries.findIndex(
      (each) => each.incarnation === incarnation && bytesEqual(each.device, device) && each.sequence === sequence,
    )
    return known >= 0 && known < this.prunedTo
  }

  private news(): string {
    return this.snapshots.map(({ hash, verdicts }) => `${hash.join()}${verdicts.map((each) => each.verdict)}`).join()
  }

  private refusal(request: string, code: string, retryable = true): FrameOf<'refused'> {
    return { type: 'refused', request, document: this.document, code, retryable, message: code }
  }
}
