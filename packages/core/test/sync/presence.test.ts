// What devices show of themselves: sealed by one, opened by another, with time and the relay between them moved by hand.
import type { Frame, PresenceState } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { createAwareness, ShownAwareness } from '../../src/attach/shown-awareness'
import type { SyncError } from '../../src/errors'
import { Presence } from '../../src/sync/presence/presence'
import { Y } from '../../src/yjs'
import { TestAccount, type TestContext } from './support/account'

const account = await TestAccount.create(3)
const NAME = 'attached:note'
type Put = Extract<Frame, { type: 'presence-put' }>

class Device {
  readonly sent: Put[] = []
  readonly heard: PresenceState[] = []
  readonly presence: Presence
  readonly document

  constructor(readonly context: TestContext) {
    const documentId = (name: string) => context.keyringState.documentId(name)
    this.presence = new Presence(context, documentId)
    this.document = documentId(NAME)
  }

  connect(): this {
    this.presence.connected((frame) => this.sent.push(frame as Put))
    this.presence.subscribed(this.document)
    return this
  }

  join = () => this.presence.join(NAME, (states) => this.heard.push(...states))

  /** What was sent since the last call. */
  async take(ms = 100): Promise<Put[]> {
    await this.context.platform.advance(ms)
    return this.sent.splice(0)
  }

  hear(...frames: readonly Put[]): PresenceState[] {
    for (const { document, envelope } of frames) this.presence.received({ type: 'presence', document, envelope })
    return this.heard.splice(0)
  }
}

const device = async (index: number, options = {}) => new Device(await account.context(index, options))
const state = (client: number, clock: number, text?: string): PresenceState => ({
  ...{ client, clock },
  ...(text !== undefined && { state: JSON.stringify({ text }) }),
})

async function two() {
  const [ann, bob] = [(await device(0)).connect(), (await device(1)).connect()]
  return { ann, bob, annShows: ann.join(), bobShows: bob.join() }
}

describe('what a device shows', () => {
  it('is all of it in each frame, at most one in 60 ms, and opens at another device', async () => {
    const { ann, bob, annShows } = await two()
    annShows.show([state(1, 1, 'a')])
    const other = ann.join()
    other.show([state(2, 1, 'x')])
    expect(await ann.take(0)).toHaveLength(1)
    for (let clock = 2; clock < 30; clock++) annShows.show([state(1, clock, `a${clock}`)])
    expect(await ann.take(30)).toEqual([])
    const [frame, ...more] = await ann.take(30)
    expect(more).toEqual([])
    expect(bob.hear(frame!)).toEqual([state(1, 29, 'a29'), state(2, 1, 'x')])
    // Editors of one device see each other without the relay.
    expect(ann.heard).toContainEqual(state(1, 29, 'a29'))
  })

  it('waits until the relay sends news of the document, and is sent on each connection', async () => {
    const ann = await device(0)
    ann.join().show([state(1, 1, 'a')])
    ann.presence.connected((frame) => ann.sent.push(frame as Put))
    expect(await ann.take()).toEqual([])
    ann.presence.subscribed(ann.document)
    expect(await ann.take()).toHaveLength(1)
    ann.presence.subscribed(ann.document)
    expect(await ann.take()).toEqual([])
    ann.presence.disconnected()
    ann.connect()
    expect(await ann.take()).toHaveLength(1)
  })

  it('is answered when it is somebody new, so that who comes sees who is there', async () => {
    const { ann, bob, annShows, bobShows } = await two()
    annShows.show([state(1, 1, 'a')])
    const [first] = await ann.take()
    bobShows.show([state(7, 1, 'b')])
    const [came] = await bob.take()
    ann.hear(came!)
    const [answer] = await ann.take()
    expect(bob.hear(answer!)).toEqual([state(1, 1, 'a')])
    expect(await bob.take()).toHaveLength(1)
    // Known by now: nobody answers any more.
    ann.hear(...(await bob.take()))
    expect(await ann.take()).toEqual([])
    expect(first).toBeDefined()
  })

  it('is gone when the editor goes, when the device shows it no more, and when the relay says that the device is gone', async () => {
    const { ann, bob, annShows } = await two()
    const other = ann.join()
    annShows.show([state(1, 3, 'a')])
    other.show([state(2, 5, 'x')])
    bob.hear(...(await ann.take()))
    annShows.leave()
    expect(bob.hear(...(await ann.take()))).toContainEqual(state(1, 3))
    bob.presence.gone({ type: 'presence-gone', document: bob.document, device: ann.context.device })
    expect(bob.heard.splice(0)).toEqual([state(2, 5)])
    // Half a minute later what was not shown again is not sent any more.
    await ann.take(31_000)
    const third = ann.join()
    third.show([state(3, 1, 'y')])
    expect(bob.hear(...(await ann.take()))).toEqual([state(3, 1, 'y')])
  })

  it('that a relay kept, repeats or takes from elsewhere shows nobody', async () => {
    const { ann, bob, annShows } = await two()
    annShows.show([state(1, 1, 'a')])
    const [old] = await ann.take()
    annShows.show([state(1, 2)])
    const [newer] = await ann.take()
    expect(bob.hear(newer!)).toEqual([state(1, 2)])
    expect(bob.hear(old!)).toEqual([])
    const carl = (await device(2)).connect()
    carl.join()
    carl.context.platform.timeMs = ann.context.platform.timeMs + 61_000
    expect(carl.hear(newer!, old!)).toEqual([])
    expect(carl.context.reports).toEqual([])
    // Its own, thrown back.
    expect(ann.hear(newer!)).toEqual([])
    // In another document.
    const elsewhere = bob.context.keyringState.documentId('attached:other')
    bob.presence.join('attached:other', (states) => bob.heard.push(...states))
    expect(bob.hear({ ...newer!, document: elsewhere })).toEqual([])
    expect(bob.context.reports.map(({ code }) => code)).toEqual(['relay-misbehaved'])
    const altered = { ...newer!, envelope: newer!.envelope.map((byte, i) => (i === 100 ? byte ^ 1 : byte)) }
    expect(bob.hear(altered, { ...newer!, envelope: new Uint8Array(7) })).toEqual([])
    expect(bob.context.reports).toHaveLength(3)
  })

  it('that the relay refuses for its pace is sent after the time that it says, in its newest form', async () => {
    const { ann, bob, annShows } = await two()
    annShows.show([state(1, 1, 'a')])
    await ann.take()
    const refusal = { type: 'refused', request: 'presence-put', code: 'too-many-requests', retryable: true } as const
    ann.presence.refused({ ...refusal, message: '', document: ann.document, retryAfterMs: 2_000 })
    annShows.show([state(1, 2, 'b')])
    expect(await ann.take(1_900)).toEqual([])
    expect(bob.hear(...(await ann.take(200)))).toEqual([state(1, 2, 'b')])
  })

  it('stays within its frame, however much editors show', async () => {
    const { ann, bob } = await two()
    for (let client = 1; client <= 100; client++) ann.join().show([state(client, 1, '語'.repeat(300))])
    const [frame] = await ann.take()
    const shown = bob.hear(frame!)
    expect(shown.length).toBeGreaterThan(5)
    // The newest first.
    expect(shown[0]).toMatchObject({ client: 100 })
  })
})

describe('an Awareness', () => {
  async function shown() {
    const { context } = await device(0)
    const { platform } = context
    const doc = new Y.Doc()
    const awareness = createAwareness(doc)
    const said: PresenceState[] = []
    const failures: SyncError[] = []
    let hear: (states: readonly PresenceState[]) => void = () => {}
    const origin = {}
    const join = (heard: typeof hear) => {
      hear = heard
      return { show: (states: readonly PresenceState[]) => void said.push(...states), leave() {} }
    }
    const it = new ShownAwareness({ platform, awareness, origin, join, failed: (error) => failures.push(error) })
    it.start()
    const heard = (...states: PresenceState[]): void => hear(states)
    return { shown: it, platform, doc, awareness, said, failures, heard, origin }
  }

  it('is renewed every 15 seconds and forgets others after 30, by the time of the platform alone', async () => {
    const { shown: it, platform, awareness, said, heard } = await shown()
    said.splice(0)
    heard(state(7, 1, 'b'))
    expect(awareness.getStates().get(7)).toEqual({ text: 'b' })
    await platform.advance(14_000)
    expect(said).toEqual([])
    await platform.advance(2_000)
    expect(said).toHaveLength(1)
    await platform.advance(11_000)
    expect(awareness.getStates().has(7)).toBe(true)
    await platform.advance(6_000)
    expect(awareness.getStates().has(7)).toBe(false)
    // One that comes back has the clock that it had.
    heard(state(7, 1, 'b'))
    expect(awareness.getStates().has(7)).toBe(true)
    it.stop()
    expect(awareness.getStates().has(7)).toBe(false)
    expect(platform.timers).toEqual([])
  })

  it('takes nothing that is no state, keeps its own, and shows none that is too large', async () => {
    const { shown: it, awareness, failures, heard, said } = await shown()
    heard({ client: 7, clock: 1, state: '{' }, { client: 8, clock: 1, state: '7' }, state(9, 1, 'c'))
    expect([...awareness.getStates().keys()]).toEqual([awareness.clientID, 9])
    heard({ client: awareness.clientID, clock: 99 })
    expect(awareness.getLocalState()).toEqual({})
    said.splice(0)
    awareness.setLocalStateField('text', 'x'.repeat(4_000))
    expect(said).toEqual([])
    expect(failures.map(({ code }) => code)).toEqual(['invalid-value'])
    it.stop()
  })
})
