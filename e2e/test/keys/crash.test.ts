// A device dies in the middle of changing the keyring, at every point there is: before and after each commit of its store, and at each frame
// that it sends or is sent. What it had undertaken is done when it is opened again.
import { describe, expect, it } from 'vitest'
import { KeyWorld, type WorldDevice } from '../../support/key-world'

interface Scene {
  readonly world: KeyWorld
  readonly laptop: WorldDevice & { readonly phrase: string }
  readonly phone: WorldDevice
  readonly tablet: WorldDevice
}

async function openScene(): Promise<Scene> {
  const world = new KeyWorld()
  const laptop = await world.create('laptop')
  const phone = await world.join('phone', laptop.phrase)
  const tablet = await world.join('tablet', laptop.phrase)
  await phone.notes.add('1', { text: 'of the phone' })
  await world.until(() => [laptop, phone, tablet].every((each) => each.sync.status.isGreen && each.texts.length === 1))
  return { world, laptop, phone, tablet }
}

interface Deed {
  /** What the laptop is told to do. */
  readonly start: (scene: Scene) => Promise<unknown>
  /** Looked at once nothing is owed any more. */
  readonly isDone: (scene: Scene) => boolean
  /** Whether something is left that must be completed without being told again. */
  readonly isOwed: (laptop: WorldDevice) => Promise<boolean>
  readonly check?: (scene: Scene) => Promise<void>
}

const hasOwedRow = async (laptop: WorldDevice): Promise<boolean> => (await laptop.rows.list(['owed'])).length > 0

/** Dies at the first point, the second, and so on, until it gets through. @returns at how many points it died */
async function dieEverywhere({ start, isDone, isOwed, check }: Deed): Promise<number> {
  for (let point = 1; ; point++) {
    const scene = await openScene()
    const { world, laptop } = scene
    laptop.diesAt = laptop.steps + point
    let isSettled = false
    start(scene).then(
      () => {
        isSettled = true
      },
      () => {
        isSettled = true
      },
    )
    await world.until(() => laptop.isDead || (isSettled && isDone(scene)))
    if (!laptop.isDead) return point - 1
    const mustBeDone = await isOwed(laptop)
    await laptop.reopen()
    await world.until(() => laptop.sync.status.connection === 'online' && laptop.sync.status.owed.length === 0)
    await world.advance(10_000)
    if (mustBeDone) expect(isDone(scene), `died at point ${point}`).toBe(true)
    // A wish that was not on disk yet is made again by the person who saw the app die.
    else if (!isDone(scene)) await world.outcomeOf(start(scene))
    await world.until(() => isDone(scene))
    await check?.(scene)
    expect(await laptop.rows.list(['owed'])).toEqual([])
  }
}

const FEW_POINTS = 8
const DAY_MS = 86_400_000

describe('a device that dies', () => {
  it('while it removes another one completes the removal, once', async () => {
    const points = await dieEverywhere({
      start: ({ laptop }) => laptop.sync.removeDevices([laptop.idOf('phone')]),
      isDone: ({ laptop, tablet }) => [laptop, tablet].every((each) => !each.activeNames.includes('phone')),
      isOwed: hasOwedRow,
      check: async ({ world, laptop, tablet }) => {
        // Genesis, two that joined, and one removal.
        expect(world.keyringLength).toBe(4)
        await laptop.notes.add('2', { text: 'after' })
        await world.until(() => tablet.texts.includes('after'))
        expect(tablet.texts).toContain('of the phone')
      },
    })
    expect(points).toBeGreaterThan(FEW_POINTS)
  })

  it('while it rotates the key completes that, once', async () => {
    const points = await dieEverywhere({
      start: ({ laptop }) => laptop.sync.rotateKeys(),
      isDone: ({ world }) => world.keyringLength > 3,
      isOwed: hasOwedRow,
      check: async ({ world }) => expect(world.keyringLength).toBe(4),
    })
    expect(points).toBeGreaterThan(4)
  })

  it('while it asks for another phrase has asked once, and still has the phrase', async () => {
    const points = await dieEverywhere({
      start: ({ laptop }) => laptop.sync.requestReissue(),
      isDone: ({ tablet, laptop }) => tablet.sync.reissue !== undefined && laptop.sync.reissue !== undefined,
      isOwed: hasOwedRow,
      check: async ({ world, laptop, tablet }) => {
        const phrase = (await laptop.sync.unconfirmedPhrase()) as string
        expect(world.keyringLength).toBe(4)
        expect(tablet.sync.reissue?.isMine).toBe(false)
        world.timeMs += 8 * DAY_MS
        await world.until(() => world.keyringLength === 5)
        expect((await world.join('fourth', phrase)).texts).toEqual(['of the phone'])
      },
    })
    expect(points).toBeGreaterThan(4)
  })

  it('while it gives the account another phrase leaves one that somebody has: the new one in its store, or the old one', async () => {
    const points = await dieEverywhere({
      start: ({ laptop }) => laptop.sync.reissuePhrase({ recoveryPhrase: laptop.phrase }),
      isDone: ({ world }) => world.keyringLength > 3,
      // The old phrase is not kept for it, and the person has it still.
      isOwed: async () => false,
      check: async ({ world, laptop }) => {
        const phrase = (await laptop.sync.unconfirmedPhrase()) as string
        expect(phrase).not.toBe(laptop.phrase)
        expect((await world.join('fourth', phrase)).texts).toEqual(['of the phone'])
      },
    })
    expect(points).toBeGreaterThan(4)
  })
})
