// The world of the key tests with a relay on an SQLite file, which can be backed up, put back, wiped and swapped, and with devices whose
// disks can be copied.
import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createNodePlatform, createRelay, openSqliteStore, type RelayPlatform, type RelayStore } from '@owlivion/relay'
import type { StoreKey, SyncEvent } from '@owlivion/sync'
import { documentOf } from '@owlivion/sync/testing'
import Database from 'better-sqlite3'
import { onTestFinished } from 'vitest'
import { KeyWorld, settle, type WorldDevice } from '../../support/key-world'
import { temporaryFolder } from '../../support/temporary-folder'

export class HealingWorld extends KeyWorld {
  // Set while the constructor before this one runs, which must not be undone by it.
  declare private folder: string | undefined
  declare private store: RelayStore | undefined

  /** On whatever lies in the folder. */
  protected override startRelay(): ReturnType<typeof createRelay> {
    if (this.folder === undefined) {
      this.folder = temporaryFolder()
      onTestFinished(() => this.store?.close())
    }
    const platform: RelayPlatform = {
      ...createNodePlatform(),
      now: () => this.timeMs,
      setTimer: (delayMs, callback) => this.setTimer(delayMs, callback),
    }
    const { sha512, random } = platform
    this.store = openSqliteStore({ folder: this.folder, sha512, random })
    return createRelay({ platform, store: this.store })
  }

  private fileAt(name: string): string {
    return join(this.folder ?? '', name)
  }

  private async stopRelay(): Promise<void> {
    for (const end of [...this.connections]) end()
    await settle()
    await this.relay.drain()
    await this.store?.close()
    for (const end of ['-wal', '-shm']) rmSync(this.fileAt(`relay.db${end}`), { force: true })
  }

  /** While it is stopped; the devices come back by themselves. */
  async backUp(name = 'backup'): Promise<void> {
    await this.stopRelay()
    copyFileSync(this.fileAt('relay.db'), this.fileAt(name))
    this.relay = this.startRelay()
  }

  /** @param name of a backup; without one the disk is empty. @param isNamedAnew the database gets another generation */
  async restore(name?: string, { isNamedAnew = true }: { readonly isNamedAnew?: boolean } = {}): Promise<void> {
    await this.stopRelay()
    rmSync(this.fileAt('relay.db'))
    if (name !== undefined) {
      copyFileSync(this.fileAt(name), this.fileAt('relay.db'))
      if (isNamedAnew) {
        const db = new Database(this.fileAt('relay.db'))
        db.prepare('UPDATE relay SET generation = ?').run(createNodePlatform().random(16))
        db.close()
      }
    }
    this.relay = this.startRelay()
  }

  /** Puts another file in the place of the relay's, and keeps the one that was there under this name. */
  async swap(name: string, kept: string): Promise<void> {
    await this.backUp(kept)
    await this.restore(name, { isNamedAnew: false })
  }

  /** A device whose disk is a copy of another's. */
  async clone(of: WorldDevice): Promise<WorldDevice> {
    const clone = this.newDevice(`${of.name} again`)
    await fillFrom(clone, await rowsOf(of))
    await clone.reopen()
    return clone
  }

  /** Everything is where it belongs, on all of them and at the relay. */
  async untilEqual(...devices: readonly WorldDevice[]): Promise<void> {
    const contents = (): string[] =>
      devices.map(({ notes }) => JSON.stringify([...notes.list()].sort(([a], [b]) => (a < b ? -1 : 1))))
    await this.until(() => devices.every(({ sync }) => sync.status.isGreen) && new Set(contents()).size === 1, 300_000)
  }

  /** Entries of all logs. No place of a chain is there twice: the database does not allow it. */
  get entries(): number {
    return this.count('SELECT COUNT(*) AS n FROM entries')
  }

  /** Entries of the log of its notes alone. */
  entriesOf({ notes }: WorldDevice): number {
    return this.count(`SELECT COUNT(*) AS n FROM entries WHERE document = ${rowOf(notes)}`)
  }

  /** Of entries and snapshots: what its notes cost the relay. Their history is apart. */
  bytesOf({ notes }: WorldDevice): number {
    const of = (table: string, column: string) =>
      `(SELECT TOTAL(LENGTH(${column})) FROM ${table} WHERE document = ${rowOf(notes)})`
    return this.count(`SELECT ${of('entries', 'envelope')} + ${of('snapshots', 'file')} AS n`)
  }

  newestSnapshotBytes({ notes }: WorldDevice): number {
    return this.count(
      `SELECT LENGTH(file) AS n FROM snapshots WHERE document = ${rowOf(notes)} ORDER BY covered_number DESC LIMIT 1`,
    )
  }

  /** The greatest that a document has. */
  get documentEpoch(): number {
    return this.count('SELECT MAX(epoch) AS n FROM documents')
  }

  /** That anything was written in. */
  get documents(): number {
    return this.count('SELECT COUNT(*) AS n FROM documents')
  }

  private count(sql: string): number {
    const db = new Database(this.fileAt('relay.db'), { readonly: true })
    try {
      return (db.prepare(sql).get() as { n: number }).n
    } finally {
      db.close()
    }
  }
}

/** The relay's row of its document. */
const rowOf = (notes: WorldDevice['notes']): string =>
  `(SELECT id FROM documents WHERE document = x'${documentOf(notes)}')`

type Rows = readonly (readonly [StoreKey, Uint8Array])[]

/** What a backup of a device has. */
export async function rowsOf(device: WorldDevice): Promise<Rows> {
  return (await device.rows.list([])).map(([key, bytes]) => [key, bytes.slice()] as const)
}

/** The disk of a device is what it was. Reopen it afterwards. */
export async function fillFrom(device: WorldDevice, rows: Rows): Promise<void> {
  device.kill()
  await device.rows.commit({ removePrefix: [[]], put: rows })
}

/** What a device tells of healing, from now on. Call again after it was opened again. */
export function healingEvents(device: WorldDevice): SyncEvent[] {
  const events: SyncEvent[] = []
  device.sync.on((event) => {
    if (event.type === 'healing' || event.type === 'healed') events.push(event)
  })
  return events
}
