// What became of a collection, for a device that joins when the entries that say it are gone: over the real relay on a real SQLite file.
import { historyOf, keepHistory, openPoints } from '@owlivion/sync/history'
import { describe, expect, it } from 'vitest'
import { fillFrom, rowsOf } from '../healing/healing-world'
import { HistoryWorld, shown, withholdHistory } from './history-world'

const byId = (records: Iterable<readonly [string, object]>) => [...records].sort(([a], [b]) => (a < b ? -1 : 1))

describe('the history of a collection whose entries are gone', () => {
  it('is whole for a device that joins after it was summed up, folded and pruned, with who did what and when; and there is a way back', async () => {
    const world = new HistoryWorld()
    const laptop = await world.create('laptop')
    const phone = await world.join('phone', laptop.phrase)
    await world.write(20, laptop, phone)
    const points = await world.outcomeOf(openPoints(laptop.sync))
    const point = await world.outcomeOf(points.add('Before'))
    // The point is the end of its millisecond.
    world.timeMs += 1
    const then = [...laptop.notes.list()]
    world.written.push({ id: 'note 3', kind: 'deleted', text: undefined, device: 'laptop', atMs: world.timeMs })
    await laptop.notes.delete('note 3')
    await world.untilEqual(laptop, phone)
    await world.write(80, laptop, phone)
    await world.rest(laptop, phone)
    await world.sleep(8, laptop, phone)
    await world.sleep(8, laptop, phone)
    expect([world.documentEpoch > 0, world.entries < 20]).toEqual([true, true])
    const late = await world.join('late', laptop.phrase)
    await world.untilEqual(laptop, phone, late)
    for (const device of [late, laptop, phone]) {
      const { changes, isWhole } = await world.historyOn(device)
      expect(shown(changes)).toEqual(world.written)
      expect(isWhole).toBe(true)
    }
    await world.outcomeOf(historyOf(late.sync, late.notes).restoreTo(point))
    expect(byId(late.notes.list())).toEqual(byId(then))
    expect([...late.problems, ...laptop.problems, ...phone.problems]).toEqual([])
  })

  it('goes back for as long as it is kept, and no further', async () => {
    const world = new HistoryWorld()
    const laptop = await world.create('laptop')
    await world.write(30, laptop)
    const points = await world.outcomeOf(openPoints(laptop.sync))
    const point = await world.outcomeOf(points.add('Long ago'))
    // The point is the end of its millisecond.
    world.timeMs += 1
    await world.write(30, laptop)
    await world.rest(laptop)
    await world.sleep(8, laptop)
    const history = historyOf(laptop.sync, laptop.notes)
    const first = await world.historyOn(laptop)
    expect([shown(first.changes), first.isWhole]).toEqual([world.written, true])
    await world.sleep(70, laptop)
    const kept = world.written.length
    for (const days of [30, 8]) {
      await world.write(60, laptop)
      await world.rest(laptop)
      await world.sleep(days, laptop)
    }
    const later = await world.historyOn(laptop)
    expect(later.isWhole).toBe(false)
    expect(shown(later.changes)).toEqual(world.written.slice(kept))
    expect(await world.codeOf(history.restoreTo(point))).toBe('invalid-value')
    expect(await world.codeOf(history.differencesAt(later.changes[0]!))).toBe('done')
  })

  it('is kept for longer where that is asked for, and says what it takes', async () => {
    const world = new HistoryWorld()
    const laptop = await world.create('laptop')
    await keepHistory(laptop.sync, { days: 365 })
    const history = historyOf(laptop.sync, laptop.notes)
    expect(await world.outcomeOf(history.bytes())).toBe(0)
    for (const days of [100, 8]) {
      await world.write(60, laptop)
      await world.rest(laptop)
      await world.sleep(days, laptop)
    }
    const { changes, isWhole } = await world.historyOn(laptop)
    expect([shown(changes), isWhole]).toEqual([world.written, true])
    expect(await world.outcomeOf(history.bytes())).toBeGreaterThan(100)
    expect(await world.outcomeOf(history.bytes())).toBeLessThan(10_000)
  })

  it('costs nothing before anything is summed up, and no device that does not ask for it', async () => {
    const world = new HistoryWorld()
    const laptop = await world.create('laptop')
    const phone = await world.join('phone', laptop.phrase)
    await world.write(5, laptop, phone)
    await world.rest(laptop, phone)
    expect(world.documents).toBe(1)
    await world.write(60, laptop, phone)
    await world.rest(laptop, phone)
    expect(world.documents).toBe(2)
    const late = await world.join('late', laptop.phrase)
    await world.rest(laptop, phone, late)
    const names = async () => (await late.rows.list(['name'])).length
    expect(await names()).toBe(1)
    expect(Object.keys(laptop.sync.status.documents)).toEqual(['notes'])
    await world.historyOn(late)
    expect(await names()).toBe(2)
  })

  it('is at the relay before the first summary is sent there', async () => {
    const world = new HistoryWorld()
    const laptop = await world.create('laptop')
    const documents: number[] = []
    laptop.toRelay = (frame) => {
      if (frame.type === 'snapshot-put') documents.push(world.documents)
      return [frame]
    }
    await world.write(60, laptop)
    await world.rest(laptop)
    expect(documents[0]).toBe(2)
  })

  it('does not keep a collection from being summed up where the relay takes none of it', async () => {
    const world = new HistoryWorld()
    const { documentLimits } = world
    Object.assign(world, { documentLimits: undefined })
    const laptop = await world.create('laptop')
    await world.write(60, laptop)
    let summaries = 0
    withholdHistory(laptop, () => summaries++)
    Object.assign(world, { documentLimits })
    await laptop.reopen()
    await world.advance(180_000)
    expect(summaries).toBeGreaterThan(0)
  })

  it.each([
    ['summed up', { minTailBytes: 3_000, minDeadStructs: 1_000_000 }],
    ['folded', { minTailBytes: 1_000_000, minDeadStructs: 40 }],
  ])('is brought by another device where the one that %s was lost before it had', async (_, limits) => {
    const world = new HistoryWorld()
    Object.assign(world, { documentLimits: undefined })
    const laptop = await world.create('laptop')
    const phone = await world.join('phone', laptop.phrase)
    await world.write(60, laptop, phone)
    let summaries = 0
    withholdHistory(laptop, () => summaries++)
    Object.assign(world, { documentLimits: limits })
    await laptop.reopen()
    await world.advance(180_000)
    expect(summaries).toBeGreaterThan(0)
    laptop.kill()
    await world.sleep(8, phone)
    await world.sleep(31, phone)
    expect(world.entries).toBeLessThan(40)
    phone.kill()
    const late = await world.join('late', laptop.phrase)
    const { changes, isWhole } = await world.historyOn(late)
    expect([shown(changes), isWhole]).toEqual([world.written, true])
  })

  it('is whole wherever the only device that had the entries died on the way', async () => {
    const world = new HistoryWorld()
    const { documentLimits } = world
    Object.assign(world, { documentLimits: undefined })
    const laptop = await world.create('laptop')
    await world.write(40, laptop)
    laptop.kill()
    await world.backUp('before')
    const [rows, { timeMs }] = [await rowsOf(laptop), world]
    Object.assign(world, { documentLimits })
    let deaths = 0
    for (let diesAt = 1; ; diesAt++) {
      world.timeMs = timeMs
      await fillFrom(laptop, rows)
      await world.restore('before', { isNamedAnew: false })
      await laptop.reopen()
      laptop.diesAt = diesAt
      await world.advance(120_000)
      if (!laptop.isDead) break
      deaths++
      await laptop.reopen()
      await world.rest(laptop)
      await world.sleep(8, laptop)
      await world.sleep(31, laptop)
      expect(world.entries).toBeLessThan(30)
      laptop.kill()
      const late = await world.join('late', laptop.phrase)
      await world.untilEqual(late)
      const { changes, isWhole } = await world.historyOn(late)
      expect([shown(changes), isWhole]).toEqual([world.written, true])
      await late.close()
    }
    expect(deaths).toBeGreaterThan(10)
  })
})
