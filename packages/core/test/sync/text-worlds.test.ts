// Several devices that type, delete, lose their connection, start again, become another writer, and have their document summed up and
// rebased under them, in an order that nobody has thought of. In the end all have one text, with every word that was typed in it once
// and no word that was deleted.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Y } from '../../src/yjs'
import { codesOf } from './support/compaction-world'
import type { TestDevice } from './support/device'
import { settle } from './support/fake-platform'
import { RebaseWorld, rebasesOf } from './support/rebase-world'

const DEVICES = 3

type Act = { readonly device: number; readonly at: number } & {
  readonly kind: 'type' | 'delete' | 'record' | 'leave' | 'come' | 'restart' | 'other-writer' | 'serve' | 'wear'
}

const act: fc.Arbitrary<Act> = fc.record({
  device: fc.nat(DEVICES - 1),
  at: fc.nat(1_000),
  kind: fc.oneof(
    { weight: 8, arbitrary: fc.constant('type' as const) },
    { weight: 4, arbitrary: fc.constant('delete' as const) },
    { weight: 4, arbitrary: fc.constantFrom('record' as const, 'leave' as const, 'come' as const, 'serve' as const) },
    { weight: 2, arbitrary: fc.constantFrom('restart' as const, 'other-writer' as const) },
    { weight: 1, arbitrary: fc.constant('wear' as const) },
  ),
})

class Typists {
  readonly words = new Set<string>()
  private readonly online = new Set<number>()
  private count = 0

  private constructor(
    private readonly world: RebaseWorld,
    readonly devices: TestDevice[],
  ) {
    for (const [i] of devices.entries()) this.online.add(i)
  }

  static async open(): Promise<Typists> {
    const world = await RebaseWorld.create()
    const devices: TestDevice[] = []
    for (let i = 0; i < DEVICES; i++) devices.push(await world.open(i))
    return new Typists(world, devices)
  }

  async act({ kind, device: index, at }: Act): Promise<void> {
    const device = this.devices[index]!
    switch (kind) {
      case 'type':
        this.type(device, at)
        return
      case 'delete':
        this.delete(device, at)
        return
      case 'record':
        device.sync.transact([{ kind: 'add', id: `${at % 3}`, fields: { name: `${this.count++}` } }])
        return
      case 'leave':
        this.online.delete(index)
        await device.disconnect()
        return
      case 'come':
        if (!this.online.has(index)) await this.come(index)
        return
      case 'serve':
        await this.world.log.serve(...this.present)
        return
      case 'restart':
        await settle()
        await device.disconnect()
        await device.sync.close()
        this.devices[index] = await this.world.open(index, { disk: device.disk })
        this.online.add(index)
        return
      case 'other-writer':
        await (device.sync as unknown as { ownWriter: { takeNewWriter(): Promise<void> } }).ownWriter.takeNewWriter()
        return
      case 'wear':
        await this.world.wear(device)
        if (this.online.has(index)) await this.world.rest(...this.present)
    }
  }

  async end(): Promise<void> {
    for (const [i] of this.devices.entries()) if (!this.online.has(i)) await this.come(i)
    for (let i = 0; i < 3; i++) await this.world.rest(...this.devices)
  }

  textOf(device: TestDevice): string {
    return this.bodyOf(device).toString()
  }

  private get present(): TestDevice[] {
    return this.devices.filter((_, i) => this.online.has(i))
  }

  private async come(index: number): Promise<void> {
    this.online.add(index)
    await this.devices[index]!.connect()
    await this.world.log.serve(...this.present)
  }

  private bodyOf({ sync }: TestDevice): Y.Text {
    return sync.texts.getText('body')
  }

  /** Between two words. */
  private type(device: TestDevice, at: number): void {
    const body = this.bodyOf(device)
    const text = body.toString()
    const ends = [...text.matchAll(/\d+ /g)].map(({ index, 0: word }) => index + word.length)
    const word = `${++this.count} `
    body.insert([0, ...ends][at % (ends.length + 1)]!, word)
    this.words.add(word)
  }

  private delete(device: TestDevice, at: number): void {
    const body = this.bodyOf(device)
    const found = [...body.toString().matchAll(/\d+ /g)]
    const match = found[at % Math.max(1, found.length)]
    if (match === undefined) return
    body.delete(match.index, match[0].length)
    this.words.delete(match[0])
  }
}

it('every word that was typed is in the text once, and none that was deleted, on every device', {
  timeout: 120_000,
}, async () => {
  let rebases = 0
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 10, maxLength: 60 }), async (acts) => {
      const typists = await Typists.open()
      for (const each of acts) await typists.act(each)
      await typists.end()
      const [first, ...others] = typists.devices.map((device) => typists.textOf(device))
      for (const text of others) expect(text).toBe(first)
      expect((first!.match(/\d+ /g) ?? []).sort()).toEqual([...typists.words].sort())
      for (const device of typists.devices) {
        expect(device.sync.status.unsent).toBe(0)
        expect(codesOf(device)).toEqual([])
        rebases = Math.max(rebases, rebasesOf(device))
      }
    }),
    { numRuns: 8, seed: 5, endOnFailure: true },
  )
  expect(rebases).toBeGreaterThan(0)
})
