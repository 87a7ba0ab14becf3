// Memory and SQLite, side by side through the same random life of a document: each answers what the other answers.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DeviceId, type Generation, type Hash, SNAPSHOT_KEEP_MS } from '@owlivion/sync-protocol'
import { afterAll, expect, it } from 'vitest'
import { createNodePlatform } from '../../src/node-platform'
import {
  a,
  account,
  b,
  bytes,
  contacts,
  DAY_MS,
  entryHash,
  headAt,
  PAGE,
  push,
  quota,
  record,
  START_MS,
  snapshot,
  verdict,
} from '../../src/store/contract-fixtures'
import { createMemoryStore } from '../../src/store/memory'
import { createMemoryData } from '../../src/store/memory-data'
import type { RelayStore } from '../../src/store/relay-store'
import type { SnapshotPut } from '../../src/store/snapshot-rows'
import { currentSnapshot } from '../../src/store/snapshot-rules'
import { openSqliteStore } from '../../src/store/sqlite/open'

const { sha512, random } = createNodePlatform()
const root = mkdtempSync(join(tmpdir(), 'owlivion-relay-alike-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Draws from made-up bytes, so that a seed is the same life for ever. */
function drawing(seed: string): (bound: number) => number {
  const drawn = bytes<Uint8Array>(20_000, seed)
  let position = 0
  return (bound) => (drawn[position++ % drawn.length] as number) % bound
}

/** Bytes cut to what tells them apart and fields in one order, so that a failure can be read. */
function toText(answer: unknown): string {
  const shown = (_: string, value: unknown) => {
    if (value instanceof Uint8Array) return `${value.length}:${Buffer.from(value).toString('hex', 0, 6)}`
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
  }
  return JSON.stringify(answer, shown, 1)
}

const c = bytes<DeviceId>(16, 'device c')

class Life {
  private nowMs = START_MS
  private readonly put: SnapshotPut[] = []

  constructor(
    private readonly stores: readonly [RelayStore, RelayStore],
    private readonly draw: (bound: number) => number,
  ) {}

  /** What both answer. */
  async both<T>(ask: (store: RelayStore) => Promise<T>): Promise<T> {
    const [one, other] = await Promise.all(this.stores.map(ask))
    expect(toText(other)).toBe(toText(one))
    return one as T
  }

  async step(): Promise<void> {
    const { draw } = this
    this.nowMs += draw(3) * DAY_MS
    const kind = draw(10)
    if (kind < 4) await this.append()
    else if (kind < 6) await this.putSnapshot()
    else if (kind < 8) await this.judge()
    else if (kind < 9) await this.refill()
    else await this.both((store) => store.snapshots.prune(this.nowMs))
    await this.look()
  }

  private device(): DeviceId {
    return [a, b, c][this.draw(3)] as DeviceId
  }

  private async endOf(device: DeviceId): Promise<number> {
    const place = { account, document: contacts, device, incarnation: 7, sequence: 0 }
    return (await this.both((store) => store.readChains([place])))[0]?.newest ?? 0
  }

  private async append(): Promise<void> {
    const { draw } = this
    const device = this.device()
    const from = Math.max(1, (await this.endOf(device)) + 1 - draw(4) + (draw(8) === 0 ? 1 : 0))
    const shape = { device, from, count: 1 + draw(3), size: 162 + draw(90), content: draw(9) === 0 ? 'other' : '' }
    const documentEpoch = Math.max(0, (await this.epoch()) + (draw(9) === 0 ? 1 - draw(3) : 0))
    const request = push({ ...shape, documentEpoch, isHeldUp: draw(9) === 0 })
    await this.both((store) => store.append([request], quota))
  }

  private async epoch(): Promise<number> {
    const snapshots = await this.both((store) => store.snapshots.list(account, contacts))
    return Math.max(0, ...snapshots.map(({ documentEpoch }) => documentEpoch))
  }

  private async putSnapshot(): Promise<void> {
    const { draw } = this
    const { base, newest } = await this.both((store) => store.snapshots.readHashes(account, contacts, []))
    const covered = Math.max(0, newest - draw(4) + (draw(9) === 0 ? 1 : 0))
    const { hashes } = await this.both((store) => store.snapshots.readHashes(account, contacts, [covered]))
    const current = currentSnapshot(await this.both((store) => store.snapshots.list(account, contacts)))
    const parent = draw(8) === 0 ? undefined : current?.hash
    const exempt = [3, 2, 1].map((back) => covered - back * 2).filter((number) => number > 0 && draw(3) === 0)
    const vector = []
    for (const device of [a, b, c]) {
      const sequence = await this.endOf(device)
      if (sequence > 0) vector.push({ device, incarnation: 7, sequence, hash: entryHash(device, sequence) })
    }
    const isRebase = draw(5) === 0
    const request = snapshot({
      covered: isRebase ? newest : covered,
      coveredHash: hashes[0]?.hash ?? bytes<Hash>(32, `nothing at ${base}`),
      ...(parent && { parent }),
      author: this.device(),
      vector,
      exempt: isRebase ? [] : exempt,
      documentEpoch: (await this.epoch()) + (isRebase ? 1 : 0),
      storedAtMs: this.nowMs,
      change: { mayRebase: isRebase && draw(4) > 0, mayHeal: draw(6) === 0, isFresh: draw(9) > 0 },
    })
    const { kind } = await this.both((store) => store.snapshots.put(request, quota))
    if (kind === 'stored') this.put.push(request)
  }

  private async judge(): Promise<void> {
    const of = this.put.at(-1 - this.draw(3)) ?? this.put.at(-1)
    if (of === undefined) return
    const word = verdict(of, this.device(), this.draw(4) === 0 ? 'reject' : 'accept', this.nowMs)
    await this.both((store) => store.snapshots.judge(word))
  }

  private async refill(): Promise<void> {
    const { newest } = await this.both((store) => store.snapshots.readHashes(account, contacts, []))
    const ends = await Promise.all([a, b].map(async (device) => [device, await this.endOf(device)] as const))
    const entries = ends.flatMap(([device, end]) => {
      const { entries, signature, incarnation, documentEpoch } = push({ device, from: end + 1 })
      const previous = entryHash(device, end)
      return entries.map((entry) => ({ ...entry, device, incarnation, documentEpoch, previous, signature }))
    })
    const first = newest + 1 + (this.draw(6) === 0 ? 1 : 0)
    const request = { account, document: contacts, first, entries, keyringHead: headAt(1), isHeldUp: false }
    await this.both((store) => store.refill(request, quota))
  }

  private async look(): Promise<void> {
    const { base, newest } = await this.both((store) => store.snapshots.readHashes(account, contacts, [0, 1, 2, 3, 9]))
    for (const after of [0, base, Math.max(0, newest - 3), newest + 1])
      await this.both((store) => store.readPage({ account, document: contacts, after, maxBytes: PAGE }))
    await this.both((store) => store.readHeads(account, []))
    await this.both((store) => store.inspect(5))
    await this.both((store) => store.snapshots.bytesBetween(account, contacts, base, newest))
    const snapshots = await this.both((store) => store.snapshots.list(account, contacts))
    // What is not in the log any more is in a snapshot that counts.
    const { entries } = await this.both((store) =>
      store.readPage({ account, document: contacts, after: base, maxBytes: 100 * PAGE }),
    )
    expect(base + entries.length).toBe(newest)
    const holding = snapshots.filter(
      ({ rejectedAtMs, coveredNumber }) => rejectedAtMs === undefined && coveredNumber >= base,
    )
    if (base > 0) expect(holding.length).toBeGreaterThan(0)
    for (const { hash } of snapshots.slice(-3)) {
      const place = { account, document: contacts, hash }
      await this.both((store) => store.snapshots.readExempt(place, 0, 400))
      await this.both((store) => store.snapshots.readFile(place, 3, 50))
    }
  }
}

/** The same lives in every run; others by hand, as in LIVES=$(seq -s, 1 100), to look further. */
const seeds = process.env.LIVES?.split(',') ?? ['first', 'second', 'third', 'fourth']
it.each(seeds)('the %s life is the same in both', async (seed) => {
  const memory = createMemoryStore({ sha512, data: createMemoryData(random(16) as Generation) })
  const sqlite = openSqliteStore({ folder: join(root, seed), sha512, random })
  const life = new Life([memory, sqlite], drawing(seed))
  await life.both((store) => store.appendKeyring(record(0)))
  for (let step = 0; step < 120; step++) await life.step()
  const { base } = await life.both((store) => store.snapshots.readHashes(account, contacts, []))
  await life.both((store) => store.snapshots.prune(START_MS + 1_000 * SNAPSHOT_KEEP_MS))
  // Something was pruned on the way, or the life was too quiet to say anything.
  expect(base).toBeGreaterThan(0)
  await sqlite.close()
})
