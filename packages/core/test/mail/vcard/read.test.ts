// Reading in slices: the same contacts, with progress, a way to stop, and photos that the app makes smaller.
import { parseVCards, readVCards } from '@owlivion/sync/vcard'
import { describe, expect, it } from 'vitest'
import { card, omissions } from './card'

const many = Array.from({ length: 1_234 }, (_, n) => card('3.0', `FN:Person ${n}`, `EMAIL:p${n}@example.com`)).join('')
const jpeg = (bytes: number) => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(bytes - 3, 7)])
const withPhoto = (bytes: number) =>
  card('3.0', 'FN:Ann', `PHOTO;ENCODING=b;TYPE=JPEG:${jpeg(bytes).toString('base64')}`)

describe('reading a file of cards in slices', () => {
  it('gives what reading it in one go gives, and tells how far it is', async () => {
    const steps: number[] = []
    const read = await readVCards(many, { onProgress: ({ done, total }) => steps.push(done / total) })
    expect(read).toEqual(parseVCards(many))
    expect(steps.length).toBeGreaterThan(10)
    expect(steps).toEqual([...steps].sort((a, b) => a - b))
    expect(steps.at(-1)).toBe(1)
  })

  it('lets other tasks run in between, and stops when it is asked to', async () => {
    const controller = new AbortController()
    let last = 0
    setTimeout(() => controller.abort(new Error('enough')), 0)
    const onProgress = ({ done }: { readonly done: number }) => {
      last = done
    }
    const reading = readVCards(many, { signal: controller.signal, onProgress })
    await expect(reading).rejects.toThrow('enough')
    expect(last).toBeLessThan(1_234)
  })

  it('asks the app to make large photos smaller, and keeps small ones as they are', async () => {
    const asked: [number, string][] = []
    const scalePhoto = (bytes: Uint8Array, type: string) => {
      asked.push([bytes.length, type])
      return jpeg(1_000)
    }
    const { contacts, leftOut } = await readVCards(withPhoto(60_000) + withPhoto(48_000), { scalePhoto })
    expect(asked).toEqual([[60_000, 'image/jpeg']])
    expect(contacts.map(({ photo }) => photo?.data.length)).toEqual([1_336, 64_000])
    expect(leftOut).toEqual([])
  })

  it.each([
    ['gives it up', () => undefined],
    ['makes it no smaller', (bytes: Uint8Array) => bytes],
    ['makes something else of it', () => new Uint8Array(9)],
    [
      'fails',
      () => {
        throw new Error('no canvas')
      },
    ],
  ])('leaves a photo out, with a reason, when the app %s', async (_, scalePhoto) => {
    const read = await readVCards(withPhoto(60_000) + card('3.0', 'FN:Bob'), { scalePhoto })
    expect(read.contacts).toEqual([{ name: 'Ann' }, { name: 'Bob' }])
    expect(omissions(read)).toEqual([[4, 'PHOTO', 'photo']])
  })

  it('refuses a compressed file, whatever it would unpack to', async () => {
    for (const head of [
      [0x50, 0x4b, 3, 4],
      [0x1f, 0x8b, 8, 0],
    ]) {
      const { refused } = await readVCards(Uint8Array.from([...head, ...Array(100).fill(0)]))
      expect(refused.map(({ line, code }) => [line, code])).toEqual([[1, 'file-compressed']])
    }
  })
})
