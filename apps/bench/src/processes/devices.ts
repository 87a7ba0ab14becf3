// The process of devices: `devices.ts MODULE`. It holds one or many, and measures where they are, without a message in between.
import { createContacts } from '../contacts'
import type { ClientModule, Device } from '../engines/engine'
import * as cells from '../workloads/cells'
import { answerParent } from './answers'
import { nowMs, sleep, turn, until } from './clock'
import { socketBytes } from './socket-bytes'

const engine = (await import(process.argv[2] as string)) as ClientModule
const devices: Device[] = []
const at = (index: number): Device => devices[index] as Device

const answers = {
  /** A new book with this many contacts in it, one transaction each, one turn of the event loop between them. */
  async create(url: string, contacts: number): Promise<string> {
    const { device, invitation } = await engine.create(url)
    devices.push(device)
    for (const [id, contact] of createContacts(contacts)) {
      device.add(id, contact)
      await turn()
    }
    await device.acknowledged()
    return invitation
  },

  /** From the call that opens a new device to all contacts being there; then each field is compared. */
  async join(url: string, invitation: string, contacts: number): Promise<{ ms: number; receivedBytes: number }> {
    const before = socketBytes().received
    const startMs = nowMs()
    const device = await engine.join(url, invitation)
    devices.push(device)
    await until(() => device.count() >= contacts)
    const ms = nowMs() - startMs
    const receivedBytes = socketBytes().received - before
    cells.verifyContacts(device, createContacts(contacts))
    return { ms, receivedBytes }
  },

  acknowledged: () => Promise.all(devices.map((device) => device.acknowledged())).then(() => undefined),

  /** Edit k is not made before start + k × everyMs. Resolves to when each was made. */
  async editPaced(edits: number, everyMs: number): Promise<number[]> {
    const [id] = createContacts(1)[0] as readonly [string, unknown]
    const startMs = nowMs()
    const madeAtMs: number[] = []
    for (let edit = 0; edit < edits; edit++) {
      const dueMs = startMs + edit * everyMs
      while (nowMs() < dueMs) await sleep(Math.max(1, dueMs - nowMs()))
      madeAtMs.push(nowMs())
      at(0).set(id, 'note', String(edit))
    }
    return madeAtMs
  },

  /** Tells of every device from now on when it showed an edit or a later one, until all have shown the last. */
  watch(edits: number): void {
    watched = devices.map((device) => cells.watchEdits(device, edits))
  },
  async shownAtMs(): Promise<number[][]> {
    return Promise.all(watched.map(({ done, shownAtMs }) => done.then(() => shownAtMs)))
  },

  /** Single-field edits over 1,000 cells, as fast as the engine takes them, one turn of the event loop every 50. */
  async burst(edits: number): Promise<number> {
    const startMs = nowMs()
    for (let edit = 0; edit < edits; edit++) {
      const { id, field, value } = cells.burstEdit(edit)
      at(0).set(id, field, value)
      if (edit % 50 === 49) await turn()
    }
    return startMs
  },
  async shownBurst(edits: number): Promise<number> {
    await until(() => cells.showsBurst(at(0), edits))
    return nowMs()
  },

  disconnect: () => at(0).disconnect(),
  editOffline: (device: number) => cells.editOffline(at(0), device),
  connect(): number {
    sampled = cells.sampleMerge(at(0))
    at(0).connect()
    return nowMs()
  },
  merge: () => sampled?.look(),
  digest: () => cells.digest(at(0)),

  /** Twenty edits each, round robin, until each is acknowledged. */
  async editAll(edits: number): Promise<{ startMs: number; endMs: number }> {
    const startMs = nowMs()
    const [id] = createContacts(1)[0] as readonly [string, unknown]
    for (let edit = 0; edit < edits; edit++) {
      for (const device of devices) device.set(id, 'note', String(edit))
      await turn()
    }
    await Promise.all(devices.map((device) => device.acknowledged()))
    return { startMs, endMs: nowMs() }
  },

  /** Edits of as many cells, and no more than the engine's own word that they are at the server. */
  async editAndAcknowledge(edits: number): Promise<void> {
    for (let edit = 0; edit < edits; edit++) {
      const { id, field, value } = cells.burstEdit(edit)
      at(0).set(id, field, value)
    }
    await at(0).acknowledged()
  },
  /** Of the first edits of a burst, how many cells a new device does not show, a second after it has all contacts. */
  async missing(url: string, invitation: string, contacts: number, edits: number): Promise<number> {
    devices.push(await engine.join(url, invitation))
    await until(() => at(0).count() >= contacts)
    await sleep(1_000)
    return cells.missingOf(at(0), edits)
  },

  cpuMs: () => process.cpuUsage().user / 1_000 + process.cpuUsage().system / 1_000,
  residentBytes: () => process.memoryUsage.rss(),
  sentBytes: () => socketBytes().sent,
  close: () => Promise.all(devices.map((device) => device.close())).then(() => undefined),
}
let watched: cells.Watched[] = []
let sampled: cells.MergeSampler | undefined
export type DeviceAnswers = typeof answers

answerParent(answers)
