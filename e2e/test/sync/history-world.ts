// A world whose devices sum up early, and what a person is shown there of the history of its notes.
import { type HistoryChange, historyOf } from '@owlivion/sync/history'
import { documentOf } from '@owlivion/sync/testing'
import { bytesToHex } from '@owlivion/sync-protocol'
import type { WorldDevice } from '../../support/key-world'
import { HealingWorld } from '../healing/healing-world'

const DAY_MS = 86_400_000

export interface Written {
  readonly id: string
  readonly kind: string
  readonly text: unknown
  readonly device: string | undefined
  readonly atMs: number
}

export class HistoryWorld extends HealingWorld {
  override documentLimits = { minTailBytes: 3_000, minDeadStructs: 40 }
  readonly written: Written[] = []

  /** Nobody is connected for so long, and then everybody does what there is to do. */
  async sleep(days: number, ...devices: readonly WorldDevice[]): Promise<void> {
    for (const device of devices) device.sync.goOffline()
    await this.advance(1_000)
    this.timeMs += days * DAY_MS
    for (const device of devices) device.sync.goOnline()
    await this.rest(...devices)
  }

  async rest(...devices: readonly WorldDevice[]): Promise<void> {
    await this.untilEqual(...devices)
    await this.advance(180_000)
    await this.untilEqual(...devices)
  }

  /** What a person who asks for it sees of all of it, the oldest first. */
  async historyOn({ sync, notes }: WorldDevice) {
    const history = historyOf(sync, notes)
    const changes: HistoryChange[] = []
    let page = await this.outcomeOf(history.changes({ limit: 7 }))
    for (;;) {
      changes.push(...page.changes)
      if (page.next === undefined) break
      page = await this.outcomeOf(history.changes({ limit: 7, before: page.next }))
    }
    return { changes: changes.reverse(), isWhole: page.isWhole }
  }

  /** Days of edits by several devices, one entry each. */
  async write(count: number, ...devices: readonly WorldDevice[]): Promise<void> {
    for (let i = 0; i < count; i++) {
      const { notes, name } = devices[i % devices.length] as WorldDevice
      const id = `note ${i % 5}`
      const text = `${this.written.length} ${'x'.repeat(40)}`
      const kind = notes.has(id) ? 'changed' : notes.deletedIds().includes(id) ? 'restored' : 'added'
      this.written.push({ id, kind, text, device: name, atMs: this.timeMs })
      if (kind === 'changed') await notes.update(id, { text })
      else await notes.add(id, { text })
      await this.advance(1_000)
      await this.untilEqual(...devices)
    }
  }
}

export const shown = (changes: readonly HistoryChange[]): Written[] =>
  changes.map(({ id, kind, fields, device, atMs }) => ({
    ...{ id, kind, device: device.name, atMs },
    text: fields[0]?.after,
  }))

/** What it writes down of the history does not come to the relay. */
export function withholdHistory(device: WorldDevice, summarySent: () => void): void {
  device.toRelay = (frame) => {
    if (frame.type === 'snapshot-put') summarySent()
    const isPack = frame.type === 'push' && bytesToHex(frame.document) !== documentOf(device.notes)
    return isPack ? [] : [frame]
  }
}
