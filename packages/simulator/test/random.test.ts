import { describe, expect, test } from 'vitest'
import { RandomStream } from '../src/random'

const draw = (stream: RandomStream, count: number) => Array.from({ length: count }, () => stream.uint32())

describe('random streams', () => {
  test('the same names give the same numbers', () => {
    expect(draw(new RandomStream(7, 'device 1', 'disk'), 20)).toEqual(draw(new RandomStream(7, 'device 1', 'disk'), 20))
  })

  test('another seed, actor or purpose gives other numbers', () => {
    const streams = [
      new RandomStream(7, 'device 1', 'disk'),
      new RandomStream(8, 'device 1', 'disk'),
      new RandomStream(7, 'device 2', 'disk'),
      new RandomStream(7, 'device 1', 'network'),
    ]
    const numbers = streams.flatMap((stream) => draw(stream, 100))
    expect(new Set(numbers).size).toBe(numbers.length)
  })

  test('what one actor draws does not change what another gets', () => {
    const alone = draw(new RandomStream(7, 'device 1', 'disk'), 5)
    const busy = new RandomStream(7, 'device 2', 'disk')
    const stream = new RandomStream(7, 'device 1', 'disk')
    const amongOthers = alone.map(() => {
      draw(busy, 3)
      return stream.uint32()
    })
    expect(amongOthers).toEqual(alone)
  })

  test('numbers between two bounds reach both and nothing beyond', () => {
    const stream = new RandomStream(1, 'a', 'b')
    const numbers = new Set(Array.from({ length: 500 }, () => stream.between(-2, 2)))
    expect([...numbers].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2])
  })

  test('a weight of nothing is never picked', () => {
    const stream = new RandomStream(1, 'a', 'b')
    const picks = Array.from({ length: 200 }, () =>
      stream.weighted([
        [1, 'one'],
        [0, 'never'],
        [3, 'three'],
      ]),
    )
    expect(new Set(picks)).toEqual(new Set(['one', 'three']))
  })
})
