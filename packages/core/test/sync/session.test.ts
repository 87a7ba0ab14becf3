// The connection, driven by hand: every frame the relay says, every close, every second that passes.
import {
  accountIdOf,
  type DocumentId,
  encodeFrame,
  type Frame,
  type Generation,
  type Hash,
  loginSigningBytes,
  type Refusal,
  recordHash,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { appendRecord, createRekey } from '../../src/account'
import type { SyncError } from '../../src/errors'
import { openMemoryStore } from '../../src/storage'
import { hostOf } from '../../src/sync/connection/login'
import { refusalToError } from '../../src/sync/connection/refusal'
import { Session } from '../../src/sync/connection/session'
import type { DocumentLink } from '../../src/sync/document/document-link'
import type { DocumentSync } from '../../src/sync/document/document-sync'
import { TestAccount, type TestContext } from './support/account'
import { FakePlatform, type FakeSocket, settle } from './support/fake-platform'

const account = await TestAccount.create(3)
const generation = new Uint8Array(16).fill(3) as Generation
const challenge: Frame = { type: 'challenge', nonce: new Uint8Array(32).fill(5) as Hash, timeMs: 1_700_000_100_000 }
const url = 'wss://relay.example:8443/sync'

/** What a session does to a document. */
class FakeDocument {
  link: DocumentLink | undefined
  readonly events: string[] = []

  constructor(readonly document: DocumentId) {}

  get cursor() {
    return { document: this.document, number: 7, hash: new Uint8Array(32).fill(7) as Hash }
  }
  connected(link: DocumentLink): void {
    this.link = link
    this.events.push('connected')
    link.subscribe(this.document)
  }
  disconnected = (): void => void this.events.push('disconnected')
  keyringRead = (): void => void this.events.push('keyringRead')
  received = (frame: Frame): void => void this.events.push(`received ${frame.type}`)
  refused = ({ request, code }: Refusal): void => void this.events.push(`${request} ${code}`)
  refusedSubscribe = ({ code }: SyncError): void => void this.events.push(`subscribe ${code}`)
  refusedSeen = ({ code }: SyncError): void => void this.events.push(`seen ${code}`)
  take = (): string[] => this.events.splice(0)
}

interface TestSession {
  readonly session: Session
  readonly platform: FakePlatform
  readonly context: TestContext
  readonly documents: FakeDocument[]
  readonly states: string[]
  readonly reports: string[]
  readonly times: number[]
  onState: (state: string) => void
}

async function start(
  options: { keyringLength?: number; deviceIndex?: number; members?: TestAccount } = {},
): Promise<TestSession> {
  const platform = new FakePlatform()
  const index = options.deviceIndex ?? 0
  const { members = account } = options
  const context = await members.context(index, { ...options, platform })
  const documents = [1, 2].map((id) => new FakeDocument(new Uint8Array(16).fill(id) as DocumentId))
  const find = (id: DocumentId) => documents.find(({ document }) => document[0] === id[0]) as unknown as DocumentSync
  const test: TestSession = {
    platform,
    context,
    documents,
    states: [],
    reports: [],
    times: [],
    onState: () => {},
    session: new Session({
      platform,
      url,
      account: context.account,
      device: context.device,
      publicKey: members.devices[index]!.signing,
      sign: (message) => context.sign(message),
      keyring: context.keyringState,
      documents: () => documents as unknown as DocumentSync[],
      document: find,
      relayTime: (timeMs) => void test.times.push(timeMs),
      onState: () => {
        test.states.push(test.session.state)
        test.onState(test.session.state)
      },
      report: ({ code }) => void test.reports.push(code),
    }),
  }
  return test
}

const hashOf = (position: number): Hash =>
  recordHash(new FakePlatform().signing.sha512, account.records[position]!.record)

const welcome = (length = account.records.length): Frame => ({
  type: 'welcome',
  account: account.state.account,
  generation,
  keyringLength: length,
  keyringHead: length === 0 ? ZERO_HASH : hashOf(length - 1),
  timeMs: 1_700_000_100_000,
})
const keyring = (from: number, to = account.records.length): Frame => ({
  type: 'keyring',
  from,
  length: account.records.length,
  records: account.records.slice(from, to),
})
const changed = (length: number): Frame => ({ type: 'keyring-changed', length, head: hashOf(length - 1) })
const refused = (request: string, code: string, more: Partial<Refusal> = {}): Frame => ({
  type: 'refused',
  request,
  code,
  retryable: true,
  message: code,
  ...more,
})

/** Dials, and logs in with a relay that has the whole keyring. */
async function online(options: Parameters<typeof start>[0] = {}): Promise<TestSession & { socket: FakeSocket }> {
  const test = await start(options)
  test.session.goOnline()
  await logIn(test)
  test.platform.socket.take()
  for (const document of test.documents) document.take()
  return Object.assign(test, { socket: test.platform.socket })
}

async function logIn({ platform }: TestSession): Promise<void> {
  await platform.socket.accept()
  await platform.socket.say(challenge, welcome())
}

const types = (socket: FakeSocket): string[] => socket.take().map(({ type }) => type)

describe('logging in', () => {
  it('answers the challenge for this very relay, then subscribes every document in one frame', async () => {
    const test = await start()
    test.session.goOnline()
    const { socket } = test.platform
    expect(socket.url).toBe(url)
    expect(socket.sent).toEqual([])
    await socket.accept()
    expect(socket.take()).toEqual([
      { type: 'hello', version: 1, account: test.context.account, device: test.context.device },
    ])
    await socket.say(challenge)
    const [auth] = socket.framesOf('auth')
    const { signing } = account.devices[0]!
    const message = loginSigningBytes(
      'relay.example:8443',
      test.context.account,
      signing,
      new Uint8Array(32).fill(5) as Hash,
    )
    expect(auth?.publicKey).toEqual(signing)
    expect(await test.platform.signing.verify(signing, message, auth!.signature)).toBe(true)
    socket.take()
    await socket.say(welcome())
    expect(test.states).toEqual(['connecting', 'online'])
    const [subscribe] = socket.framesOf('subscribe')
    expect(subscribe?.generation).toEqual(generation)
    expect(subscribe?.cursors.map(({ document, number }) => [document[0], number])).toEqual([
      [1, 7],
      [2, 7],
    ])
    expect(test.times).toEqual([1_700_000_100_000])
    expect(test.platform.timers).toEqual([15_000])
  })

  it('keeps nothing of the welcome’s bytes: the transport may use them again', async () => {
    const test = await start()
    test.session.goOnline()
    const { socket } = test.platform
    await socket.accept()
    await socket.say(challenge)
    const bytes = encodeFrame(welcome())
    await socket.sayBytes(bytes)
    bytes.fill(0)
    test.documents[0]!.link!.subscribe(test.documents[0]!.document)
    await socket.say({
      type: 'page',
      document: test.documents[0]!.document,
      first: 8,
      entries: [],
      heads: [],
      logHash: ZERO_HASH,
      newest: 7,
      live: false,
    })
    socket.take()
    test.documents[0]!.link!.subscribe(test.documents[0]!.document)
    await settle()
    expect(socket.framesOf('subscribe')[0]?.generation).toEqual(generation)
  })

  it('that gets no answer is tried again, and so is one that cannot be signed', async () => {
    const test = await start()
    test.session.goOnline()
    await test.platform.advance(15_000)
    expect(test.states).toEqual(['connecting', 'waiting'])
    expect(test.reports).toEqual(['relay-unreachable'])
    expect(test.platform.openSockets).toEqual([])
    test.context.sign = () => Promise.reject(new TypeError('the key store is locked'))
    await test.platform.advance(500)
    await test.platform.socket.accept()
    await test.platform.socket.say(challenge)
    expect(test.states).toEqual(['connecting', 'waiting', 'connecting', 'waiting'])
    expect(test.platform.timers.length).toBe(1)
  })

  it('reads what the relay has more of the keyring first', async () => {
    const test = await start({ keyringLength: 1 })
    test.session.goOnline()
    const { socket } = test.platform
    await socket.accept()
    await socket.say(challenge, welcome())
    expect(socket.framesOf('keyring-fetch').map(({ from }) => from)).toEqual([1])
    expect(test.session.state).toBe('connecting')
    await socket.say(keyring(1, 2))
    expect(socket.framesOf('keyring-fetch').map(({ from }) => from)).toEqual([1, 2])
    await socket.say(keyring(2))
    expect(test.session.state).toBe('online')
    expect(test.context.keyring().length).toBe(3)
    expect((await test.context.store.list(['keyring'])).length).toBe(2)
  })

  it('brings a relay that knows less of the keyring up to date, record after record', async () => {
    const test = await start()
    test.session.goOnline()
    const { socket } = test.platform
    await socket.accept()
    await socket.say(challenge, welcome(1))
    const appended = () => socket.framesOf('keyring-append').map(({ record }) => Buffer.from(record))
    const records = account.records.map(({ record }) => Buffer.from(record))
    expect(appended()).toEqual(records.slice(1, 2))
    await socket.say(changed(2))
    await socket.say(changed(3))
    expect(appended()).toEqual(records.slice(1))
    expect(test.states).toEqual(['connecting', 'online'])
  })

  it('brings all of the keyring to a relay that has none, or none that names this device', async () => {
    const test = await start({ deviceIndex: 1 })
    test.session.goOnline()
    const { socket } = test.platform
    await socket.accept()
    await socket.say(challenge, welcome(0))
    const brought = socket.framesOf('keyring-replace').flatMap(({ records }) => records)
    expect(brought.map(({ record }) => Buffer.from(record))).toEqual(
      account.records.map(({ record }) => Buffer.from(record)),
    )
    // The first of several frames has made it a member.
    await socket.say(changed(2))
    expect(test.session.state).toBe('connecting')
    await socket.say(changed(3))
    expect(test.states).toEqual(['connecting', 'online'])
    expect(socket.framesOf('keyring-append')).toEqual([])
  })

  it('after another device brought the keyring first, starts over instead of believing that all of it is there', async () => {
    const test = await start()
    test.session.goOnline()
    const { socket } = test.platform
    await socket.accept()
    await socket.say(challenge, welcome(1), refused('keyring-append', 'keyring-conflict'))
    expect(socket.framesOf('keyring-fetch').length).toBe(1)
    await socket.say({ type: 'keyring', from: 3, length: 2, records: [] })
    expect(test.session.state).toBe('waiting')
    await test.platform.advance(30_000)
    await test.platform.socket.accept()
    await test.platform.socket.say(challenge, welcome(2))
    expect(test.platform.socket.framesOf('keyring-append').length).toBe(1)
    await test.platform.socket.say(changed(3))
    expect(test.session.state).toBe('online')
  })

  it('tries again where a relay cannot decide whether the keyring that was brought counts', async () => {
    const test = await start({ deviceIndex: 1 })
    test.session.goOnline()
    const { socket } = test.platform
    await socket.accept()
    await socket.say(challenge, welcome(0), refused('keyring-replace', 'keyring-conflict'))
    expect(test.session.state).toBe('waiting')
    await test.platform.advance(30_000)
    await logIn(test)
    expect(test.session.state).toBe('online')
    expect(test.session.refusal).toBeUndefined()
  })

  it('finds out where a relay’s keyring parts from its own, and refuses one that does not part, or begins otherwise', async () => {
    const other = await TestAccount.create(1, 78)
    for (const [records, code] of [
      [account.records, 'relay-misbehaved'],
      [other.records, 'relay-forked'],
    ] as const) {
      const test = await start()
      test.session.goOnline()
      const { socket } = test.platform
      await socket.accept()
      await socket.say(challenge, { ...(welcome() as Extract<Frame, { type: 'welcome' }>), keyringHead: hashOf(0) })
      expect(socket.framesOf('keyring-fetch').map(({ from }) => from)).toEqual([0])
      await socket.say({ type: 'keyring', from: 0, length: 3, records })
      expect(test.reports).toEqual([code])
      expect(test.session.state).toBe('waiting')
      expect(test.platform.openSockets).toEqual([])
      expect(test.context.keyring().length).toBe(3)
    }
  })

  it('gives a relay with a lesser branch its own, and waits until all of it is taken', async () => {
    const own = await TestAccount.create(3, 80)
    const ancestor = own.state
    await own.remove(0, [2])
    await own.remove(0, [1])
    const thief = own.devices[2]!
    const { signing } = new FakePlatform()
    const record = await createRekey(new FakePlatform(), ancestor, { signer: thief })
    const theirs = await appendRecord(signing, ancestor, record)
    const test = await start({ members: own })
    test.session.goOnline()
    const { socket } = test.platform
    await socket.accept()
    const head = (length: number) => recordHash(signing.sha512, own.records[length - 1]!.record)
    const shown: Frame = {
      type: 'welcome',
      account: own.state.account,
      generation,
      keyringLength: 4,
      keyringHead: theirs.head,
      timeMs: 0,
    }
    await socket.say(challenge, shown)
    expect(socket.framesOf('keyring-fetch').map(({ from }) => from)).toEqual([0])
    await socket.say({ type: 'keyring', from: 0, length: 4, records: [...own.records.slice(0, 3), { record }] })
    const [replace] = socket.framesOf('keyring-replace')
    expect(replace?.records.map((each) => Buffer.from(each.record))).toEqual(
      own.records.slice(3).map((each) => Buffer.from(each.record)),
    )
    await socket.say({ type: 'keyring-changed', length: 4, head: head(4) })
    expect([test.session.state, socket.framesOf('keyring-append')]).toEqual(['connecting', []])
    await socket.say({ type: 'keyring-changed', length: 5, head: head(5) })
    expect([test.session.state, test.reports]).toEqual(['online', []])
  })

  it('gives up a relay that keeps to a branch that does not count', async () => {
    const own = await TestAccount.create(3, 80)
    const ancestor = own.state
    await own.remove(0, [2])
    const record = await createRekey(new FakePlatform(), ancestor, { signer: own.devices[2]! })
    const theirs = await appendRecord(new FakePlatform().signing, ancestor, record)
    const test = await start({ members: own })
    test.session.goOnline()
    const { socket } = test.platform
    await socket.accept()
    const branch: Frame = { type: 'keyring', from: 0, length: 4, records: [...own.records.slice(0, 3), { record }] }
    await socket.say(
      challenge,
      {
        type: 'welcome',
        account: own.state.account,
        generation,
        keyringLength: 4,
        keyringHead: theirs.head,
        timeMs: 0,
      },
      branch,
    )
    await socket.say({ type: 'keyring-changed', length: 4, head: theirs.head })
    await socket.say(branch)
    expect([test.session.state, test.reports]).toEqual(['waiting', ['relay-forked']])
    expect(test.context.keyring().length).toBe(4)
  })

  it('keeps the keyring it has when the relay’s records break the rules', async () => {
    const altered = account.records[2]!.record.map((byte, i, { length }) => (i === length - 1 ? byte ^ 1 : byte))
    for (const record of [altered, altered.slice(0, 70), new Uint8Array()]) {
      const test = await start({ keyringLength: 2 })
      test.session.goOnline()
      const { socket } = test.platform
      await socket.accept()
      await socket.say(challenge, welcome(), { type: 'keyring', from: 2, length: 3, records: [{ record }] })
      expect(test.reports).toEqual(['keyring-invalid'])
      expect(test.session.state).toBe('waiting')
      expect(test.context.keyring().length).toBe(2)
      expect(await test.context.store.list(['keyring'])).toEqual([])
    }
  })
})

describe('refusals and closes', () => {
  it.each([
    ['device-unknown', 4401, 'refused'],
    ['unsupported-version', 4426, 'refused'],
    ['bad-signature', 4406, 'refused'],
  ])('%s at login ends in %s %s, until the app goes online again', async (code, closeCode, state) => {
    const test = await start()
    test.session.goOnline()
    const { socket } = test.platform
    await socket.accept()
    await socket.say(challenge, refused('auth', code, { retryable: false }))
    await socket.end(closeCode, code)
    expect(test.states).toEqual(['connecting', state])
    expect(test.session.refusal?.code).toBe(code)
    expect(test.reports).toEqual([code])
    expect(test.platform.timers).toEqual([])
    await test.platform.advance(3_600_000)
    expect(test.platform.sockets.length).toBe(1)
    test.session.goOnline()
    expect(test.session.refusal).toBeUndefined()
    await logIn(test)
    expect(test.session.state).toBe('online')
  })

  it.each(['push', 'seen-put', 'subscribe', 'keyring-fetch', 'auth', ''])(
    'a removal that a refused %s speaks of is not believed: the relay is dialled once more and asked for the record',
    async (request) => {
      const { session, socket, documents, platform, reports } = await online()
      const { document } = documents[0]!
      await socket.say(refused(request, 'device-removed', { retryable: false, document }))
      expect([session.state, session.refusal, platform.sockets.length]).toEqual(['connecting', undefined, 2])
      expect(socket.isClosed).toBe(true)
      await socket.end(4403, 'device-removed')
      await platform.socket.accept()
      await platform.socket.say(challenge, refused('auth', 'device-removed', { retryable: false }))
      await platform.socket.end(4403, 'device-removed')
      expect([session.state, session.refusal?.code]).toEqual(['refused', 'relay-misbehaved'])
      expect([reports, platform.timers, platform.sockets.length]).toEqual([['relay-misbehaved'], [], 2])
    },
  )

  it('a removal is believed when the relay shows the record', async () => {
    const thieves = await TestAccount.create(3, 79)
    const test = await start({ members: thieves, deviceIndex: 1, keyringLength: 2 })
    await thieves.remove(0, [1])
    const { changes } = test.context.keyringState
    changes.add(() => test.context.keyringState.isRemoved && test.session.removed())
    test.session.goOnline()
    await test.platform.socket.accept()
    await test.platform.socket.end(4403)
    await test.platform.socket.accept()
    await test.platform.socket.say(challenge, {
      type: 'welcome',
      account: thieves.state.account,
      generation,
      keyringLength: thieves.records.length,
      keyringHead: thieves.state.head,
      timeMs: 0,
    })
    await test.platform.socket.say({ type: 'keyring', from: 2, length: 4, records: thieves.records.slice(2) })
    expect([test.session.state, test.session.refusal?.code]).toEqual(['removed', 'device-removed'])
    expect([test.reports, test.platform.timers, test.platform.openSockets]).toEqual([[], [], []])
    test.session.goOnline()
    test.session.goOffline()
    expect([test.session.state, test.platform.sockets.length]).toEqual(['removed', 2])
  })

  it('a removal is not believed when the relay shows a keyring in which this device is active', async () => {
    const test = await start()
    test.session.goOnline()
    await test.platform.socket.accept()
    await test.platform.socket.end(4403)
    await logIn(test)
    expect([test.session.state, test.session.refusal?.code]).toEqual(['refused', 'relay-misbehaved'])
    test.session.goOnline()
    await logIn(test)
    expect([test.session.state, test.session.refusal]).toEqual(['online', undefined])
  })

  it('the proof of a removal is waited for as long as the relay cannot be reached', async () => {
    const test = await start()
    test.session.goOnline()
    await test.platform.socket.accept()
    await test.platform.socket.end(4403)
    await test.platform.socket.end(1006)
    expect(test.session.state).toBe('waiting')
    await test.platform.advance(500)
    await test.platform.socket.accept()
    await test.platform.socket.end(4403)
    expect(test.session.state).toBe('refused')
  })

  it('a refusal without a retry and without an answerable code still ends the attempt to log in', async () => {
    const test = await start()
    test.session.goOnline()
    await test.platform.socket.accept()
    await test.platform.socket.say(refused('hello', 'account-unknown', { retryable: false }))
    expect(test.session.state).toBe('refused')
    expect(test.platform.openSockets).toEqual([])
    expect(test.platform.timers).toEqual([])
  })

  it('a close with a final code but without a reason is final', async () => {
    const test = await online()
    await test.socket.end(4413, '')
    expect(test.session.state).toBe('refused')
    expect(test.session.refusal?.code).toBe('not-authenticated')
    expect(test.documents.map((document) => document.take())).toEqual([['disconnected'], ['disconnected']])
  })

  it.each([4500, 4508, 4509, 4512, 1001, 1006, 1013])(
    'a close with %i is followed by another attempt',
    async (code) => {
      const test = await online()
      await test.socket.end(code)
      expect(test.session.state).toBe('waiting')
      await test.platform.advance(500)
      expect(test.platform.sockets.length).toBe(2)
      await logIn(test)
      expect(test.session.state).toBe('online')
      expect(test.documents[0]!.take()).toEqual(['disconnected', 'connected'])
    },
  )

  it('obeys the delay that the relay names, once', async () => {
    const test = await online()
    await test.socket.say(refused('', 'draining', { retryAfterMs: 20_000 }))
    await test.socket.end(4512)
    expect(test.platform.timers).toEqual([20_000])
    await test.platform.advance(20_000)
    await test.platform.socket.end(1006)
    expect(test.platform.timers[0]).toBeLessThan(20_000)
  })

  it.each<[what: string, jumpMs: number, afterMs: number]>([
    ['by the clock', 0, 86_400_000],
    ['also when the device slept through it', 86_400_000, 600_000],
    ['and no longer when the clock is set back', -86_400_000, 86_400_000],
  ])('sits out a wait of a day %s', async (_, jumpMs, afterMs) => {
    const test = await online()
    const { platform } = test
    await test.socket.say(refused('', 'too-many-requests', { retryAfterMs: 86_400_000 }))
    await test.socket.end(4512)
    const dialled = platform.sockets.length
    Object.assign(platform, { now: () => platform.timeMs + jumpMs })
    await platform.advance(afterMs - 1)
    expect(platform.sockets.length).toBe(dialled)
    await platform.advance(1)
    expect(platform.sockets.length).toBe(dialled + 1)
  })

  it('hands a document its refusals', async () => {
    const { socket, documents, session, reports } = await online()
    const { document } = documents[1]!
    await socket.say(
      refused('push', 'quota-exceeded', { document }),
      refused('push', 'entry-too-large', { document, retryable: false }),
      refused('subscribe', 'cursor-ahead', { document }),
      refused('seen-put', 'stale-epoch', { document }),
    )
    expect(documents[1]!.take()).toEqual([
      'push quota-exceeded',
      'push entry-too-large',
      'subscribe cursor-ahead',
      'seen stale-epoch',
    ])
    expect(documents[0]!.take()).toEqual([])
    expect([session.state, session.refusal, ...reports]).toEqual(['online', undefined])
  })

  it('a request that is refused for now is asked again at the next beat', async () => {
    const test = await online()
    const { socket, platform, documents } = test
    documents[0]!.link!.readKeyring()
    await socket.say(refused('keyring-fetch', 'too-many-requests', { retryAfterMs: 1_000 }))
    expect(test.session.state).toBe('online')
    socket.take()
    await platform.advance(15_000)
    expect(types(socket)).toEqual(['keyring-fetch', 'ping', 'subscribe'])
  })

  it('a code that this version does not know keeps the relay’s word on trying again', () => {
    const refusal = refused('push', 'brand-new', { retryable: false, retryAfterMs: 5 }) as Refusal
    expect(refusalToError(refusal)).toMatchObject({ code: 'internal-error', retryable: false, retryAfterMs: 5 })
    expect(refusalToError({ ...refusal, code: 'toString' })).toMatchObject({ code: 'internal-error' })
  })

  it('a message that cannot be read ends the connection, and is not the end', async () => {
    const test = await online()
    await test.socket.sayBytes(new Uint8Array([250, 1, 2]))
    expect(test.reports).toEqual(['relay-misbehaved'])
    expect(test.session.state).toBe('waiting')
  })
})

describe('waiting', () => {
  it('doubles up to half a minute, at random below it, and starts over once a connection has lasted', async () => {
    const test = await start()
    Object.assign(test.platform, { random: (length: number) => new Uint8Array(length).fill(255) })
    test.session.goOnline()
    const waits: number[] = []
    for (let i = 0; i < 9; i++) {
      await test.platform.socket.end(1006)
      waits.push(...test.platform.timers)
      await test.platform.advance(waits.at(-1) as number)
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
    await logIn(test)
    // A connection that breaks at once is no recovery.
    await test.platform.socket.end(1006)
    expect(test.platform.timers).toEqual([30_000])
    await test.platform.advance(30_000)
    await logIn(test)
    await test.platform.advance(15_000)
    await test.platform.socket.end(1006)
    expect(test.platform.timers).toEqual([500])
  })

  it('ends at once when the app says that the network is back', async () => {
    const test = await start()
    test.session.goOnline()
    await test.platform.socket.end(1006)
    expect(test.session.state).toBe('waiting')
    test.session.goOnline()
    expect(test.session.state).toBe('connecting')
    expect(test.platform.sockets.length).toBe(2)
    expect(test.platform.timers.length).toBe(1)
    await logIn(test)
    test.session.goOnline()
    expect(test.platform.sockets.length).toBe(2)
  })

  it('ends with going offline, and leaves nothing behind', async () => {
    const test = await start()
    test.session.goOnline()
    await test.platform.socket.end(1006)
    test.session.goOffline()
    expect(test.session.state).toBe('offline')
    expect(test.platform.timers).toEqual([])
    await test.platform.advance(60_000)
    expect(test.platform.sockets.length).toBe(1)
  })
})

describe('a standing connection', () => {
  it('compares cursors every 15 seconds, and is given up after two beats without a word', async () => {
    const test = await online()
    const { socket, platform } = test
    await platform.advance(15_000)
    expect(types(socket)).toEqual(['ping', 'subscribe'])
    await socket.say({ type: 'pong', id: 0, timeMs: 1_700_000_200_000 })
    expect(test.times.at(-1)).toBe(1_700_000_200_000)
    await platform.advance(15_000)
    await platform.advance(15_000)
    expect(test.session.state).toBe('online')
    await platform.advance(15_000)
    expect(test.session.state).toBe('waiting')
    expect(test.reports).toEqual(['connection-lost'])
    expect(socket.isClosed).toBe(true)
  })

  it('takes the answer to a heartbeat for one to an earlier ping, whose own was lost', async () => {
    const { socket, platform, session } = await online()
    const answered: string[] = []
    session.ping(() => answered.push('earlier'))
    await platform.advance(15_000)
    session.ping(() => answered.push('later'))
    const ids = socket.take().flatMap((frame) => (frame.type === 'ping' ? [frame.id] : []))
    const beat = ids[1] as number
    await socket.say({ type: 'pong', id: beat, timeMs: 1_700_000_200_000 })
    await socket.say({ type: 'pong', id: beat, timeMs: 1_700_000_200_000 })
    expect(answered).toEqual(['earlier'])
  })

  it('asks for a document once until it is answered, and everything that asks in one turn in one frame', async () => {
    const { socket, documents } = await online()
    const { link, document } = documents[0]!
    link!.subscribe(document)
    await settle()
    expect(socket.take()).toEqual([])
    const page: Frame = {
      type: 'page',
      document,
      first: 8,
      entries: [],
      heads: [],
      logHash: ZERO_HASH,
      newest: 7,
      live: true,
    }
    await socket.say(page)
    link!.subscribe(document)
    await settle()
    expect(socket.take()).toEqual([])
    await socket.say({ ...page, live: false })
    link!.subscribe(document)
    link!.subscribe(document)
    await settle()
    expect(socket.framesOf('subscribe').map(({ cursors }) => cursors.length)).toEqual([1])
    expect(documents[0]!.take()).toEqual(['received page', 'received page'])
  })

  it('reads the keyring when it changed, once more when it changed meanwhile, and tells the documents', async () => {
    const { socket, documents } = await online()
    const { link } = documents[0]!
    link!.readKeyring()
    link!.readKeyring()
    expect(types(socket)).toEqual(['keyring-fetch'])
    await socket.say(keyring(3))
    expect(types(socket)).toEqual(['keyring-fetch'])
    expect(documents[0]!.take()).toEqual([])
    await socket.say(keyring(3))
    expect(documents[0]!.take()).toEqual(['keyringRead'])
  })

  it('a link of a connection that is gone does nothing to the one that follows', async () => {
    const test = await online()
    const old = test.documents[0]!.link!
    await test.socket.end(1006)
    await test.platform.advance(500)
    await logIn(test)
    const { socket } = test.platform
    await socket.say({
      type: 'page',
      document: test.documents[0]!.document,
      first: 8,
      entries: [],
      heads: [],
      logHash: ZERO_HASH,
      newest: 7,
      live: false,
    })
    socket.take()
    expect(test.documents[0]!.link).not.toBe(old)
    old.send({ type: 'ping', id: 1 })
    old.subscribe(test.documents[0]!.document)
    old.readKeyring()
    old.distrust(refusalToError(refused('', 'timeout') as Refusal))
    await settle()
    expect(socket.take()).toEqual([])
    expect(test.session.state).toBe('online')
  })

  it('what an old socket still says, or that it closes, does nothing to the new one', async () => {
    const test = await online()
    const old = test.socket
    await old.end(1006)
    await test.platform.advance(500)
    await logIn(test)
    await old.sayBytes(new Uint8Array([250]))
    await old.end(4403)
    expect(test.session.state).toBe('online')
    expect(test.reports).toEqual([])
  })
})

describe('going offline and online', () => {
  it('again and again leaves one connection or none, and no timer', async () => {
    const test = await start()
    for (let i = 0; i < 20; i++) {
      test.session.goOnline()
      test.session.goOnline()
      if (i % 3 === 0) await test.platform.socket.accept()
      if (i % 3 === 1) await logIn(test)
      expect(test.platform.openSockets.length).toBe(1)
      test.session.goOffline()
      test.session.goOffline()
      expect(test.platform.openSockets).toEqual([])
      expect(test.platform.timers).toEqual([])
    }
    expect(test.session.state).toBe('offline')
  })

  it.each(['connecting', 'online', 'waiting'])(
    'from within the news of being %s leaves nothing behind',
    async (state) => {
      const test = await start()
      test.onState = (now) => {
        if (now === state) test.session.goOffline()
      }
      test.session.goOnline()
      if (test.platform.sockets.length > 0) {
        await logIn(test)
        if (state === 'waiting') await test.platform.socket.end(1006)
      }
      expect(test.session.state).toBe('offline')
      expect(test.platform.openSockets).toEqual([])
      expect(test.platform.timers).toEqual([])
      await test.platform.advance(60_000)
      expect(test.platform.openSockets).toEqual([])
      expect(test.documents.map((document) => document.take().at(-1))).not.toContain('connected')
    },
  )

  it('a document that is opened while the connection stands joins it', async () => {
    const test = await online()
    const document = new FakeDocument(new Uint8Array(16).fill(3) as DocumentId)
    test.documents.push(document)
    test.session.attach(document as unknown as DocumentSync)
    await settle()
    expect(document.take()).toEqual(['connected'])
    expect(test.socket.framesOf('subscribe').length).toBe(1)
    test.session.goOffline()
    const late = new FakeDocument(new Uint8Array(16).fill(4) as DocumentId)
    test.session.attach(late as unknown as DocumentSync)
    expect(late.take()).toEqual([])
  })
})

describe('the keyring’s store', () => {
  it('is written before the connection goes on, and a record that gives this device no key is refused', async () => {
    const small = await TestAccount.create(2)
    const context = await small.context(0, { keyringLength: 1, store: openMemoryStore() })
    const { sha512 } = context.platform.signing
    expect(accountIdOf(sha512, small.recovery.signing)).toEqual(context.account)
    const twice = [
      context.keyringState.extend(1, small.records.slice(1)),
      context.keyringState.extend(1, small.records.slice(1)),
    ]
    await Promise.all(twice)
    expect(context.keyring().length).toBe(2)
    await expect(context.keyringState.extend(2, small.records.slice(1))).rejects.toMatchObject({
      code: 'keyring-conflict',
    })
    expect(context.keyring().length).toBe(2)
  })

  it('names the relay by host and port as they stand in its address', () => {
    expect(hostOf('wss://relay.example/sync')).toBe('relay.example')
    expect(hostOf('wss://relay.example:443')).toBe('relay.example')
    expect(hostOf('ws://[::1]:8080')).toBe('[::1]:8080')
  })
})
