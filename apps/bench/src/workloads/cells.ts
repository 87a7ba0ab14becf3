// Which cells the workloads write and what they must hold in the end. Nothing is drawn: every run writes the same.
import { createHash } from 'node:crypto'
import { type BenchContact, createContacts, fields } from '../contacts'
import type { Device, Field } from '../engines/engine'
import { nowMs } from '../processes/clock'

const BURST_CONTACTS = 100
export const OFFLINE_CONTACTS = 1_000

export function verifyContacts(
  device: Device,
  contacts: readonly (readonly [id: string, contact: BenchContact])[],
): void {
  for (const [id, contact] of contacts) {
    const held = device.get(id)
    for (const field of fields)
      if (held?.[field] !== contact[field])
        throw new Error(
          `${id}: ${field} is ${JSON.stringify(held?.[field])} and should be ${JSON.stringify(contact[field])}`,
        )
  }
}

export interface Watched {
  readonly shownAtMs: number[]
  readonly done: Promise<void>
}

/** An edit that was never shown because a later one came with it counts from when that was shown. */
export function watchEdits(device: Device, edits: number): Watched {
  const [id] = createContacts(1)[0] as readonly [string, unknown]
  const shownAtMs: number[] = []
  const done = new Promise<void>((resolve) => {
    device.onChange(() => {
      const note = device.get(id)?.note
      const edit = typeof note === 'string' && /^\d+$/.test(note) ? Number(note) : -1
      while (shownAtMs.length <= edit) shownAtMs.push(nowMs())
      if (shownAtMs.length === edits) resolve()
    })
  })
  return { shownAtMs, done }
}

interface CellEdit {
  readonly id: string
  readonly field: Field
  readonly value: string
}

const burstIds = createContacts(BURST_CONTACTS).map(([id]) => id)

export function burstEdit(edit: number): CellEdit {
  const cell = edit % (BURST_CONTACTS * fields.length)
  return {
    id: burstIds[cell % BURST_CONTACTS] as string,
    field: fields[Math.floor(cell / BURST_CONTACTS)] as Field,
    value: `value ${edit}`,
  }
}

/** Looks at the last cell first: most calls need no more. */
export function showsBurst(device: Device, edits: number): boolean {
  const cells = BURST_CONTACTS * fields.length
  for (let edit = edits - 1; edit >= Math.max(0, edits - cells); edit--) {
    const { id, field, value } = burstEdit(edit)
    if (device.get(id)?.[field] !== value) return false
  }
  return true
}

export function missingOf(device: Device, edits: number): number {
  let missing = 0
  for (let edit = 0; edit < edits; edit++) {
    const { id, field, value } = burstEdit(edit)
    if (device.get(id)?.[field] !== value) missing++
  }
  return missing
}

const offlineIds = createContacts(OFFLINE_CONTACTS).map(([id]) => id)
const halves = [offlineIds.slice(0, OFFLINE_CONTACTS / 2), offlineIds.slice(OFFLINE_CONTACTS / 2)] as const

/** The e-mail of its half of the contacts, which nobody else writes, and the note of every other contact, which both write. */
export function editOffline(device: Device, half: number): void {
  for (const id of halves[half] as string[]) device.set(id, 'email', offlineEmail(half, id))
  for (let i = 0; i < offlineIds.length; i += 2) device.set(offlineIds[i] as string, 'note', `offline ${half}`)
}

export interface MergeSampler {
  /** The values of the cells that somebody wrote offline as one text, and since when they are so. Asking ends nothing. */
  look(): { readonly values: string; readonly sinceMs: number; readonly isComplete: boolean }
}

const SAMPLE_MS = 5

export function sampleMerge(device: Device): MergeSampler {
  let values = ''
  let sinceMs = 0
  const sample = (): void => {
    const now = touchedValues(device)
    if (now === values) return
    values = now
    sinceMs = nowMs()
  }
  sample()
  setInterval(sample, SAMPLE_MS).unref()
  return { look: () => ({ values, sinceMs, isComplete: holdsMerge(device) }) }
}

function touchedValues(device: Device): string {
  const values: unknown[] = []
  for (const [i, id] of offlineIds.entries()) {
    const record = device.get(id)
    values.push(record?.email)
    if (i % 2 === 0) values.push(record?.note)
  }
  return values.join()
}

/** Everything that only one device wrote is there, and all that both wrote is one of the two values. */
function holdsMerge(device: Device): boolean {
  return offlineIds.every((id, i) => {
    const record = device.get(id)
    const half = i < OFFLINE_CONTACTS / 2 ? 0 : 1
    return record?.email === offlineEmail(half, id) && (i % 2 === 1 || /^offline [01]$/.test(String(record.note)))
  })
}

const offlineEmail = (half: number, id: string): string => `offline ${half} ${id}`

/** Of every field of every contact, also of those that nobody touched. */
export function digest(device: Device): string {
  const hash = createHash('sha256')
  for (const id of offlineIds) for (const field of fields) hash.update(`${id}\0${field}\0${device.get(id)?.[field]}\0`)
  return hash.digest('hex')
}
