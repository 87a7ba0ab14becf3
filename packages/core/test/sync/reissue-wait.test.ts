// The week of a new recovery phrase, by a device's own clock.
import { REISSUE_WAIT_MS } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import type { StoreBatch } from '../../src/storage'
import { decodeChecked, ReissueWait } from '../../src/sync/keyring/reissue-wait'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const WEEK_MS = REISSUE_WAIT_MS

function start(rows: Uint8Array[] = []) {
  let nowMs = 1_000 * DAY_MS
  const store = async ({ put }: StoreBatch): Promise<void> => {
    for (const [, bytes] of put ?? []) rows.push(bytes)
  }
  const open = (): ReissueWait => {
    const last = rows.at(-1)
    return new ReissueWait(last === undefined ? [] : decodeChecked(last), () => nowMs, store)
  }
  const pass = (ms: number): void => {
    nowMs += ms
  }
  return { rows, open, pass }
}

describe('the week', () => {
  it('begins when the relay last showed a keyring without the record, and ends an hour early for clocks that part', () => {
    const { open, pass } = start()
    const wait = open()
    wait.shown(5)
    pass(3 * DAY_MS)
    wait.shown(5)
    pass(HOUR_MS)
    wait.shown(6)
    expect(wait.isOver(5)).toBe(false)
    pass(WEEK_MS - 2 * HOUR_MS - 1)
    expect(wait.isOver(5)).toBe(false)
    pass(1)
    expect(wait.isOver(5)).toBe(true)
    expect(wait.isOver(6)).toBe(false)
  })

  it('is not over for whoever has never asked the relay', () => {
    const { open, pass } = start()
    const wait = open()
    pass(10 * WEEK_MS)
    expect(wait.isOver(3)).toBe(false)
  })

  it('begins with a keyring that is shown in part only for whoever knows of no other', () => {
    const { open, pass } = start()
    const wait = open()
    wait.shownInPart(9)
    pass(DAY_MS)
    wait.shownInPart(10)
    pass(WEEK_MS - DAY_MS - HOUR_MS - 1)
    expect(wait.isOver(8)).toBe(false)
    pass(1)
    expect(wait.isOver(8)).toBe(true)

    const other = start()
    const known = other.open()
    known.shown(5)
    other.pass(DAY_MS)
    known.shownInPart(6)
    expect(known.precedes(5)).toBe(false)
    other.pass(WEEK_MS - DAY_MS - HOUR_MS)
    expect(known.isOver(5)).toBe(true)
  })

  it('begins with the first look for whoever came after the record', () => {
    const { open, pass } = start()
    const wait = open()
    wait.shown(9)
    pass(DAY_MS)
    wait.shown(9)
    expect([wait.precedes(8), wait.precedes(9)]).toEqual([true, false])
    pass(WEEK_MS - DAY_MS - HOUR_MS - 1)
    expect(wait.isOver(8)).toBe(false)
    pass(DAY_MS)
    expect(wait.isOver(8)).toBe(true)
  })

  it('of a device that was away for long is over at once', () => {
    const { open, pass } = start()
    open().shown(5)
    pass(8 * DAY_MS)
    expect(open().isOver(5)).toBe(true)
  })

  it('is remembered over restarts, in a row that does not grow', () => {
    const { rows, open, pass } = start()
    for (let length = 1; length <= 40; length++) {
      const wait = open()
      for (let i = 0; i < 20; i++) {
        wait.shown(length)
        pass(HOUR_MS / 4)
      }
    }
    const wait = open()
    // 40 records within nine days: those older than a week need no moment of their own.
    expect(wait.isOver(30)).toBe(false)
    expect(wait.isOver(1)).toBe(true)
    expect((rows.at(-1) as Uint8Array).length).toBeLessThan(700)
    expect(rows.length).toBeLessThan(40 * 11)
  })

  it('is not made shorter by a clock that was ahead', () => {
    const { open, pass } = start()
    const wait = open()
    pass(100 * DAY_MS)
    wait.shown(5)
    pass(-100 * DAY_MS)
    expect(wait.isOver(5)).toBe(false)
    wait.shown(6)
    pass(WEEK_MS - HOUR_MS - 1)
    expect(wait.isOver(5)).toBe(false)
    pass(1)
    expect(wait.isOver(5)).toBe(true)
  })

  it('begins anew with a clock that was set back, and not when that moment comes again', () => {
    const { open, pass } = start()
    const wait = open()
    wait.shown(5)
    pass(-300 * DAY_MS)
    expect(wait.isOver(5)).toBe(false)
    pass(WEEK_MS - HOUR_MS - 1)
    expect(wait.isOver(5)).toBe(false)
    expect(open().isOver(5)).toBe(false)
    pass(1)
    expect(wait.isOver(5)).toBe(true)
    expect(open().isOver(5)).toBe(true)
  })

  it('that is damaged on disk is an error', () => {
    expect(() => decodeChecked(new Uint8Array([9, 1]))).toThrow(/cannot be told/)
  })
})
