import { describe, expect, test } from 'vitest'
import { Life, VirtualTime, WallClock, WORLD_START_MS } from '../src/clock'
import { RandomStream } from '../src/random'

describe('virtual time', () => {
  test('events run in order of time, and within a millisecond in the order they were scheduled in', async () => {
    const time = new VirtualTime()
    const random = new RandomStream(1, 'test', 'times')
    const planned = Array.from({ length: 300 }, (_, order) => ({ atMs: random.between(0, 20), order }))
    const ran: typeof planned = []
    for (const event of planned) time.after(event.atMs, () => ran.push(event))
    await time.runUntil(100)
    expect(ran).toEqual([...planned].sort((a, b) => a.atMs - b.atMs || a.order - b.order))
    expect(time.nowMs).toBe(100)
  })

  test('everything an event sets off is over before the next one runs', async () => {
    const time = new VirtualTime()
    const log: string[] = []
    time.after(1, async () => {
      for (let turn = 0; turn < 50; turn++) await undefined
      log.push('first')
    })
    time.after(1, () => log.push('second'))
    await time.runUntil(1)
    expect(log).toEqual(['first', 'second'])
  })

  test('what is cancelled does not run, and what lies beyond the end waits', async () => {
    const time = new VirtualTime()
    const log: string[] = []
    time.after(5, () => log.push('cancelled'))()
    time.after(10, () => log.push('later'))
    await time.runUntil(9)
    expect(log).toEqual([])
    await time.runUntil(10)
    expect(log).toEqual(['later'])
  })

  test('the timers of a process stand still while it sleeps, and go on where they were', async () => {
    const time = new VirtualTime()
    const life = new Life()
    const log: string[] = []
    const note = (what: string) => () => log.push(`${what} at ${time.nowMs}`)
    time.after(10, note('due in its sleep'), life)
    time.after(500, note('due after it'), life)
    time.after(10, note('of somebody else'))
    time.after(5, () => life.fallAsleep(time.nowMs))
    time.after(50, () => life.whenAwake(note('heard')))
    time.after(105, () => life.wakeUp(time))
    await time.runUntil(1_000)
    expect(log).toEqual(['of somebody else at 10', 'heard at 105', 'due in its sleep at 110', 'due after it at 600'])
  })

  test('nothing of a process happens after its death, and timers left behind are counted', async () => {
    const time = new VirtualTime()
    const life = new Life()
    const log: string[] = []
    life.setTimer(time, 5, () => log.push('timer'))
    const cancel = life.setTimer(time, 6, () => log.push('cancelled'))
    void time.sleep(7, life).then(() => log.push('slept'))
    cancel()
    cancel()
    expect(life.openTimers).toBe(1)
    time.after(4, () => life.end())
    await time.runUntil(20)
    expect(log).toEqual([])
  })

  test('a run can be ended between two events', async () => {
    const time = new VirtualTime()
    let ran = 0
    for (let n = 0; n < 10; n++) time.after(n, () => ran++)
    await time.runUntil(100, () => ran === 3)
    expect(ran).toBe(3)
  })
})

test('a wall clock is off by its offset, drifts, and can be set', async () => {
  const time = new VirtualTime()
  const clock = new WallClock(time, -500, 0.01)
  expect(clock.now()).toBe(WORLD_START_MS - 500)
  await time.runUntil(10_000)
  expect(clock.now()).toBe(WORLD_START_MS - 500 + 10_100)
  clock.set(3_600_000)
  expect(clock.now()).toBe(WORLD_START_MS + 3_600_000 + 10_100)
})
