// The author of keyring records, driven by hand: every answer of the relay, every disconnect, every second that passes.
import {
  type CutEntry,
  decodeCut,
  decodeSignedRecord,
  type Frame,
  type FrameType,
  MAX_CUT_ENTRIES,
  REISSUE_WAIT_MS,
  recordHash,
  SUSPEND_MS,
} from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  createLeave,
  createRekey,
  createRemove,
  createRequest,
  createVeto,
  proveRecovery,
  recoveryKeysOf,
} from '../../src/account'
import { isSyncError } from '../../src/errors'
import type { StoreBatch } from '../../src/storage'
import { LiveRequests } from '../../src/sync/connection/live-requests'
import { refusalToError } from '../../src/sync/connection/refusal'
import { KeyringAuthor } from '../../src/sync/keyring/keyring-author'
import { encodeOwed, type Owed, owedKey, owedRekey } from '../../src/sync/keyring/owed'
import { TestAccount, type TestContext } from './support/account'
import { type FakePlatform, settle } from './support/fake-platform'
import { refusal } from './support/scripted-relay'

type FrameOf<T extends FrameType> = Extract<Frame, { type: T }>

let account: TestAccount
let context: TestContext
let platform: FakePlatform
let requests: LiveRequests
let author: KeyringAuthor
let sent: Frame[]
let keyringReads: number
let commits: StoreBatch[]
let reports: string[]
let isClean: boolean
let requestSeenAtMs: number | undefined
let ends: CutEntry[]
/** The disk takes this long. */
let storing: Promise<void>

/** The author of the first of three devices. */
async function start(stored: readonly (readonly [number, Owed])[] = []): Promise<void> {
  account = await TestAccount.create(3)
  context = await account.context(0)
  platform = context.platform
  ;[sent, commits, reports, ends] = [[], [], [], []]
  keyringReads = 0
  storing = Promise.resolve()
  isClean = true
  requestSeenAtMs = undefined
  requests = new LiveRequests(platform, () => author.wake())
  author = new KeyringAuthor(
    {
      platform,
      keys: account.devices[0]!,
      keyring: context.keyringState,
      requests,
      store: async (batch) => {
        commits.push(batch)
        await storing
      },
      chainEnds: async () => ends,
      isClean: () => isClean,
      requestSeenAtMs: () => requestSeenAtMs,
      now: platform.now,
      report: ({ code }) => void reports.push(code),
      onOwed: () => {},
    },
    stored,
  )
  context.keyringState.changes.add(() => author.wake({ keyringChanged: true }))
  author.wake()
}

beforeEach(() => start())

async function connect(): Promise<void> {
  requests.connected({ send: (frame) => void sent.push(frame), readKeyring: () => void keyringReads++ })
  await settle()
}

async function disconnect(): Promise<void> {
  requests.disconnected()
  await settle()
}

async function say(frame: Frame): Promise<void> {
  requests.received(frame)
  await settle()
}

async function refuse(request: string, code: string, retryable = true, retryAfterMs?: number): Promise<void> {
  const frame = { ...refusal(request, code, retryable), ...(retryAfterMs !== undefined && { retryAfterMs }) }
  requests.refused(frame, refusalToError(frame))
  await settle()
}

const types = (): FrameType[] => sent.splice(0).map(({ type }) => type)
const last = <T extends FrameType>(type: T): FrameOf<T> => {
  const frame = sent.at(-1)
  if (frame?.type !== type) throw new TypeError(`${frame?.type} was sent last and not ${type}`)
  return frame as FrameOf<T>
}

/** The relay takes the record that was sent last. */
async function take(): Promise<void> {
  const { record } = last('keyring-append')
  const head = recordHash(platform.signing.sha512, record)
  await say({ type: 'keyring-changed', length: context.keyring().length + 1, head })
}

/** The device reads a record of another one. */
async function read(record: Uint8Array, cut?: Uint8Array): Promise<void> {
  await context.keyringState.extend(context.keyring().length, [{ record, ...(cut && { cut }) }])
  await settle()
}

const suspended = (): Promise<void> => say({ type: 'suspended', devices: last('suspend').devices, forMs: SUSPEND_MS })
const noHeads = (): Promise<void> => say({ type: 'heads', heads: [] })

/** `waiting`, `done`, or the code it failed with, as of now. */
async function stateOf(promise: Promise<unknown>): Promise<string> {
  let state = 'waiting'
  promise.then(
    () => {
      state = 'done'
    },
    (error) => {
      state = isSyncError(error) ? error.code : String(error)
    },
  )
  await settle()
  return state
}

/** A test that does not wait for it says so by not looking at it. */
function undertake(...parameters: Parameters<KeyringAuthor['undertake']>): Promise<void> {
  const undertaking = author.undertake(...parameters)
  undertaking.catch(() => {})
  return undertaking
}

const phone = () => account.devices[1]!
const tablet = () => account.devices[2]!
const removal = (): Owed => ({ kind: 'remove', devices: [phone().id] })

/** Up to the append of a removal. */
async function prepareRemoval(): Promise<void> {
  await suspended()
  await noHeads()
}

describe('an undertaking', () => {
  it('is on disk before anything is sent, and its row goes when it is done', async () => {
    await connect()
    let stored = (): void => {}
    storing = new Promise((resolve) => {
      stored = resolve
    })
    const removing = undertake(removal(), { remove: [['other']] })
    await settle()
    expect([sent, author.owed]).toEqual([[], []])
    stored()
    await settle()
    expect(commits).toEqual([{ remove: [['other']], put: [[owedKey(1), encodeOwed(removal())]] }])
    expect(author.owed).toEqual([removal()])
    await prepareRemoval()
    await take()
    expect(await stateOf(removing)).toBe('done')
    expect(types()).toEqual(['suspend', 'heads-fetch', 'keyring-append'])
    expect(commits.at(-1)).toEqual({ remove: [owedKey(1)] })
    expect([author.owed, platform.timers]).toEqual([[], []])
  })

  it('of an earlier life goes on by itself', async () => {
    await start([[7, removal()]])
    expect(author.owed).toEqual([removal()])
    await connect()
    await prepareRemoval()
    await take()
    expect(commits).toEqual([{ remove: [owedKey(7)] }])
    await undertake({ kind: 'remove', devices: [phone().id] })
    expect(commits[1]?.put?.[0]?.[0]).toEqual(owedKey(8))
  })

  it('that was done in an earlier life, or by somebody else, sends nothing', async () => {
    await start([[7, { kind: 'rekey', after: -1 as never }]])
    await connect()
    expect([sent, commits]).toEqual([[], [{ remove: [owedKey(7)] }]])
    const rotating = undertake(owedRekey(context.keyring()))
    isClean = false
    await settle()
    await read(await createRekey(platform, context.keyring(), { signer: phone() }))
    expect(await stateOf(rotating)).toBe('done')
    expect(sent).toEqual([])
  })

  it('has become impossible for a device that is out: it stops', async () => {
    const removing = undertake(removal())
    await connect()
    const other = await createRemove(platform, context.keyring(), {
      signer: phone(),
      removed: [account.devices[0]!.id],
      cut: [],
    })
    const outcome = stateOf(removing)
    await read(other.record, other.cut)
    expect(await outcome).toBe('waiting')
    await disconnect()
    expect(await stateOf(removing)).toBe('device-removed')
    expect(author.owed).toEqual([])
  })

  it('is refused as closed when the device is closed first, and leaves no timer', async () => {
    const removing = undertake(removal())
    await connect()
    await refuse('suspend', 'keyring-conflict')
    expect(platform.timers.length).toBe(1)
    author.close()
    await disconnect()
    expect(await stateOf(removing)).toBe('closed')
    expect(await stateOf(undertake(removal()))).toBe('closed')
    expect(platform.timers).toEqual([])
    expect(commits.some(({ remove }) => remove !== undefined)).toBe(false)
  })
})

describe('a removal', () => {
  it('names what this device has verified where the relay knows less', async () => {
    ends = [
      {
        document: new Uint8Array(16).fill(1) as never,
        device: phone().id,
        incarnation: 3,
        sequence: 5,
        hash: new Uint8Array(32) as never,
      },
    ]
    void undertake(removal())
    await connect()
    await prepareRemoval()
    expect(decodeCut(last('keyring-append').cut!)).toEqual(ends)
    expect(last('keyring-append').isRestored).toBe(false)
  })

  it('of a device with chains without number names the longest, and is sent so that no other keeps it out', async () => {
    ends = Array.from({ length: 10_000 }, (_, incarnation) => ({
      document: new Uint8Array(16).fill(1) as never,
      device: phone().id,
      incarnation,
      sequence: incarnation + 1,
      hash: new Uint8Array(32) as never,
    }))
    const removing = undertake(removal())
    await connect()
    await prepareRemoval()
    expect(decodeCut(last('keyring-append').cut!)).toEqual(ends.slice(-MAX_CUT_ENTRIES))
    expect(last('keyring-append').isRestored).toBe(true)
    await take()
    expect(await stateOf(removing)).toBe('done')
  })

  it.each(['device-suspended', 'keyring-refused', 'internal-error'])(
    'goes on without a suspension that is refused as %s',
    async (code) => {
      const removing = undertake(removal())
      await connect()
      await refuse('suspend', code)
      await noHeads()
      await take()
      expect(await stateOf(removing)).toBe('done')
    },
  )

  it('reads the heads again as often as the relay knows of more; from the third time on with pauses', async () => {
    const removing = undertake(removal())
    await connect()
    for (let i = 0; i < 20; i++) {
      await prepareRemoval()
      await refuse('keyring-append', 'cut-behind')
      expect(sent.at(-1)?.type).toBe(i < 2 ? 'suspend' : 'keyring-append')
      while (sent.at(-1)?.type !== 'suspend') await platform.advance(100)
    }
    await prepareRemoval()
    await take()
    expect(await stateOf(removing)).toBe('done')
    expect(reports).toEqual([])
  })

  it('that another record came before is made anew on that', async () => {
    const removing = undertake(removal())
    await connect()
    await prepareRemoval()
    types()
    await refuse('keyring-append', 'keyring-conflict')
    expect([keyringReads, sent]).toEqual([1, []])
    await read(await createRekey(platform, context.keyring(), { signer: tablet() }))
    await prepareRemoval()
    const { record } = decodeSignedRecord(last('keyring-append').record)
    expect(record.position).toBe(4)
    await take()
    expect(await stateOf(removing)).toBe('done')
  })

  it('whose answer was lost is looked up in the keyring, and not sent again when it is there', async () => {
    const removing = undertake(removal())
    await connect()
    await prepareRemoval()
    const { record, cut } = last('keyring-append')
    types()
    await platform.advance(15_000)
    expect([keyringReads, sent]).toEqual([1, []])
    await read(record, cut)
    expect(await stateOf(removing)).toBe('done')
    expect([sent, platform.timers]).toEqual([[], []])
  })

  it('is not sent on a keyring that has moved on meanwhile', async () => {
    void undertake(removal())
    await connect()
    await suspended()
    await read(await createRekey(platform, context.keyring(), { signer: tablet() }))
    await noHeads()
    expect(types()).toEqual(['suspend', 'heads-fetch', 'suspend'])
  })

  it('that a disconnect interrupts starts over on the next connection, at every step', async () => {
    const removing = undertake(removal())
    for (const step of [() => {}, suspended, prepareRemoval]) {
      await connect()
      await step()
      await disconnect()
      expect(platform.timers).toEqual([])
      types()
    }
    await connect()
    await prepareRemoval()
    await take()
    expect(await stateOf(removing)).toBe('done')
    expect(types()).toEqual(['suspend', 'heads-fetch', 'keyring-append'])
  })

  it('does not wait for documents, and is never forgotten because it was refused', async () => {
    isClean = false
    const removing = undertake(removal())
    await connect()
    for (const [code, retryable] of [
      ['quota-exceeded', true],
      ['keyring-refused', false],
    ] as const) {
      await prepareRemoval()
      await refuse('keyring-append', code, retryable, 2_000)
      expect(author.owed).toEqual([removal()])
      await platform.advance(2_000)
    }
    expect(reports).toEqual(['quota-exceeded', 'keyring-refused'])
    await prepareRemoval()
    await take()
    expect(await stateOf(removing)).toBe('done')
  })
})

describe('a new key', () => {
  it('that a person wants waits until nothing is under way, and lets a removal go first', async () => {
    isClean = false
    const rotating = undertake(owedRekey(context.keyring()))
    await connect()
    await platform.advance(60_000)
    expect(sent).toEqual([])
    void undertake({ kind: 'leave' })
    await settle()
    expect(types()).toEqual(['heads-fetch'])
    await refuse('heads-fetch', 'too-many-requests')
    isClean = true
    author.wake()
    await settle()
    expect(decodeSignedRecord(last('keyring-append').record).record.type).toBe('rekey')
    await take()
    expect(await stateOf(rotating)).toBe('done')
  })

  it('is made without being asked when a device has left, after a moment, and only once', async () => {
    const left = await createLeave(platform, context.keyring(), { device: phone(), cut: [] })
    await read(left.record, left.cut)
    expect(platform.timers).toEqual([])
    isClean = false
    await connect()
    expect(sent).toEqual([])
    await platform.advance(3_000)
    expect(decodeSignedRecord(last('keyring-append').record).record.type).toBe('rekey')
    await take()
    await platform.advance(60_000)
    expect(types()).toEqual(['keyring-append'])
    expect([context.keyring().owesRekey, platform.timers, commits]).toEqual([false, [], []])
  })

  it('is not made when another device was quicker', async () => {
    const left = await createLeave(platform, context.keyring(), { device: phone(), cut: [] })
    await connect()
    await read(left.record, left.cut)
    expect(platform.timers.length).toBe(1)
    await read(await createRekey(platform, context.keyring(), { signer: tablet() }))
    await platform.advance(10_000)
    expect([sent, platform.timers]).toEqual([[], []])
  })

  it('is given up when the relay refuses it for good', async () => {
    const rotating = undertake(owedRekey(context.keyring()))
    await connect()
    await refuse('keyring-append', 'keyring-refused', false)
    expect(await stateOf(rotating)).toBe('keyring-refused')
    expect(commits.at(-1)).toEqual({ remove: [owedKey(1)] })
    expect([author.owed, reports]).toEqual([[], []])
  })
})

describe('a phrase that this device asked for', () => {
  const newPhrase = () => proveRecovery(platform.signing, account.state.account, recoveryKeysOf(platform.random(32)))
  const ask = async (): Promise<void> => {
    const next = await newPhrase()
    await read(await createRequest(platform, context.keyring(), { device: account.devices[0]!, next }))
  }

  it('is put in force a week after, by this device, as the relay and it agree on the time', async () => {
    requestSeenAtMs = platform.now()
    // The relay had shown the keyring without the request.
    context.keyringState.agreed()
    await ask()
    await connect()
    await platform.advance(REISSUE_WAIT_MS - 1)
    expect(sent).toEqual([])
    await platform.advance(1)
    expect(types()).toEqual(['keyring-append'])
    await refuse('keyring-append', 'reissue-early', true, 7_200_000)
    await platform.advance(7_199_999)
    expect(sent).toEqual([])
    await platform.advance(1)
    expect(decodeSignedRecord(last('keyring-append').record).record.type).toBe('reissue')
    await take()
    expect([context.keyring().reissueRequest, platform.timers, reports]).toEqual([undefined, [], []])
  })

  it('is not once it was withdrawn', async () => {
    requestSeenAtMs = platform.now()
    await ask()
    await connect()
    await platform.advance(REISSUE_WAIT_MS / 2)
    await read(await createVeto(platform, context.keyring(), { signer: tablet() }))
    await platform.advance(REISSUE_WAIT_MS)
    expect([sent, platform.timers]).toEqual([[], []])
  })

  it('of another device is approved at once or not at all: a device that is too new is told so', async () => {
    const next = await newPhrase()
    await read(await createRequest(platform, context.keyring(), { device: phone(), next }))
    await connect()
    const approving = undertake({ kind: 'approve', request: 3, next })
    await settle()
    await refuse('keyring-append', 'reissue-early', true, REISSUE_WAIT_MS)
    expect(await stateOf(approving)).toBe('reissue-early')
    expect([author.owed, platform.timers, reports]).toEqual([[], [], []])
  })

  it('is not by another device', async () => {
    requestSeenAtMs = platform.now()
    const next = await newPhrase()
    await read(await createRequest(platform, context.keyring(), { device: phone(), next }))
    await connect()
    await platform.advance(2 * REISSUE_WAIT_MS)
    expect(sent).toEqual([])
  })
})
