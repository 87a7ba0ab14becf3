// Becoming a member, with a relay that breaks off, refuses, or lets others go first; and what the device's store holds then.
import {
  type DocumentId,
  decodeFrame,
  decodeSignedRecord,
  encodeFrame,
  encodeSignedRecord,
  encodeUnsignedRecord,
  type Frame,
  findDevice,
  type Generation,
  type Hash,
  headSigningBytes,
  type KeyringState,
  recordSigningBytes,
} from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  createAdd,
  createDeviceKeys,
  createRecoveryPhrase,
  createReissue,
  type DeviceKeys,
  parseRecoveryPhrase,
  proveRecovery,
  recoveryKeysOf,
} from '../../src/account'
import { isSyncError } from '../../src/errors'
import { MemoryDisk, openMemoryStore, type Store } from '../../src/storage'
import { createProfile, joinProfile } from '../../src/sync'
import { decodeKeyringRow, keyringPrefix, readProfile } from '../../src/sync/account/profile'
import { RelayDialog } from '../../src/sync/connection/relay-dialog'
import { AccountKeyring } from '../../src/sync/keyring/account-keyring'
import { details, TestAccount } from './support/account'
import { FakePlatform, settle } from './support/fake-platform'
import { refusal, ScriptedRelay } from './support/scripted-relay'

const relayUrl = 'wss://relay.example'

let platform: FakePlatform
let relay: ScriptedRelay
let store: Store
let phrase: string
let firstKeys: DeviceKeys

/** An account whose first device has brought its keyring to the relay. */
beforeEach(async () => {
  platform = new FakePlatform(5)
  relay = new ScriptedRelay()
  relay.serve(platform)
  const first = openMemoryStore()
  phrase = await createProfile({ platform, store: first, relay: relayUrl, info: details('first') })
  for (const [, bytes] of await first.list(keyringPrefix)) await relay.append(platform, decodeKeyringRow(bytes))
  firstKeys = (await readProfile(platform, first))!.keys
  store = openMemoryStore(new MemoryDisk())
})

const join = (mode: 'add' | 'recover' = 'add', text = phrase) =>
  joinProfile({ platform, store, relay: relayUrl, info: details('new') }, text, mode)

/** Runs time on until the promise settles. */
async function outcomeOf(promise: Promise<unknown>): Promise<string> {
  let outcome: string | undefined
  promise.then(
    () => {
      outcome = 'done'
    },
    (error) => {
      outcome = isSyncError(error) ? error.code : String(error)
    },
  )
  for (let turn = 0; turn < 50 && outcome === undefined; turn++) {
    await settle()
    if (outcome === undefined) await platform.advance(5_000)
  }
  return outcome ?? 'nothing'
}

/** The profile is whole: its device is an active member of the keyring beside it, and the keyring opens. */
async function expectMember(): Promise<KeyringState> {
  const profile = await readProfile(platform, store)
  const rows = (await store.list(keyringPrefix)).map(([, bytes]) => decodeKeyringRow(bytes))
  const { state } = await AccountKeyring.open(platform, profile!.keys, rows, async () => {})
  expect(findDevice(state, profile!.keys.id)?.removedAt).toBeUndefined()
  expect(findDevice(relay.state!, profile!.keys.id)).toBeDefined()
  expect(await store.get(['joining'])).toBeUndefined()
  expectNothingLeft()
  return state
}

function expectNothingLeft(): void {
  expect(platform.timers).toEqual([])
  expect(platform.openSockets).toEqual([])
}

/** Lets another device in at the relay, as if it had been quicker. */
async function anotherJoins(): Promise<void> {
  const recovery = recoveryKeysOf(await parseRecoveryPhrase(phrase))
  const device = createDeviceKeys(platform.random, platform.signing)
  await relay.append(platform, {
    record: await createAdd(platform, relay.state!, { signer: recovery, device, info: details('quick') }),
  })
}

/** Calls `act` instead of the relay at the first frame of a type, or at each. */
function at(type: Frame['type'], act: Parameters<typeof once>[1], times = 1): void {
  relay.instead = once(type, act, times)
}
function once(
  type: Frame['type'],
  act: (frame: Frame, relayEnd: Parameters<ScriptedRelay['instead']>[1]) => unknown,
  times: number,
): ScriptedRelay['instead'] {
  let left = times
  return async (frame, relayEnd) => {
    if (frame.type !== type || left === 0) return false
    left--
    // Only a plain "false" hands the frame on.
    return (await act(frame, relayEnd)) !== false
  }
}

describe('joining', () => {
  it('makes the device a member, once it is on disk and at the relay', async () => {
    expect(await outcomeOf(join())).toBe('done')
    const state = await expectMember()
    expect([...state.devices.values()].length).toBe(2)
    expect(relay.heard).toEqual(['hello', 'auth', 'keyring-fetch', 'keyring-append', 'keyring-fetch'])
    expect(await outcomeOf(join())).toBe('profile-exists')
  })

  it('has its keys on disk before the relay lets them in', async () => {
    at('keyring-append', async () => {
      expect(await store.get(['joining'])).toBeDefined()
      expect(await store.get(['profile'])).toBeUndefined()
      return false
    })
    expect(await outcomeOf(join())).toBe('done')
  })

  it.each([
    ['one word less', (words: string[]) => words.slice(1), 'phrase-length'],
    ['a word that is none', (words: string[]) => ['qwerty', ...words.slice(1)], 'phrase-word'],
    ['two words swapped', (words: string[]) => [words[1]!, words[0]!, ...words.slice(2)], 'phrase-checksum'],
  ])('with %s writes nothing and asks nobody', async (_, change, code) => {
    const wrong = change(phrase.split(' ')).join(' ')
    const outcome = await outcomeOf(join('add', wrong === phrase ? 'x' : wrong))
    expect(outcome).toBe(code)
    expect(await store.list([])).toEqual([])
    expect(relay.heard).toEqual([])
  })

  it('with the phrase of an account that the relay does not know writes nothing', async () => {
    relay.state = undefined
    relay.records = []
    expect(await outcomeOf(join())).toBe('account-unknown')
    expect(await store.list([])).toEqual([])
    expectNothingLeft()
  })

  it('without a relay, or with one that says nothing, ends in time and writes nothing', async () => {
    relay.isReachable = false
    expect(await outcomeOf(join())).toBe('relay-unreachable')
    relay.isReachable = true
    at('auth', () => true)
    expect(await outcomeOf(join())).toBe('relay-unreachable')
    expect(await store.list([])).toEqual([])
    expectNothingLeft()
  })

  it('runs again when another device was quicker, or when its news comes in between', async () => {
    at('keyring-append', async () => {
      await anotherJoins()
      return false
    })
    expect(await outcomeOf(join())).toBe('done')
    expect([...(await expectMember()).devices.values()].length).toBe(3)
  })

  it('gives up after many lost races, and leaves no half of a profile', async () => {
    at(
      'keyring-append',
      async () => {
        await anotherJoins()
        return false
      },
      100,
    )
    expect(await outcomeOf(join())).toBe('keyring-conflict')
    expect(await store.get(['profile'])).toBeUndefined()
    expectNothingLeft()
  })

  it('finishes when the connection broke after the relay had taken the record', async () => {
    at('keyring-append', async (frame, relayEnd) => {
      if (frame.type === 'keyring-append') await relay.append(platform, { record: frame.record })
      relayEnd.end()
    })
    expect(await outcomeOf(join())).toBe('done')
    expect([...(await expectMember()).devices.values()].length).toBe(2)
  })

  it('sends the record again when the connection broke before', async () => {
    at('keyring-append', (_, relayEnd) => relayEnd.end())
    expect(await outcomeOf(join())).toBe('done')
    expect([...(await expectMember()).devices.values()].length).toBe(2)
  })

  it('is finished by the next attempt when the relay stays away: it is one device, not two', async () => {
    at('keyring-append', async (frame, relayEnd) => {
      if (frame.type === 'keyring-append') await relay.append(platform, { record: frame.record })
      relay.isReachable = false
      relayEnd.end()
    })
    expect(await outcomeOf(join())).toBe('relay-unreachable')
    expect(await store.get(['profile'])).toBeUndefined()
    expectNothingLeft()
    relay.isReachable = true
    expect(await outcomeOf(join())).toBe('done')
    expect([...(await expectMember()).devices.values()].length).toBe(2)
  })

  it('goes on with the keyring where the connection broke', async () => {
    for (let i = 0; i < 3; i++) await anotherJoins()
    at('keyring-fetch', (_, relayEnd) => {
      relayEnd.say({ type: 'keyring', from: 0, length: 4, records: relay.records.slice(0, 2) })
      relay.instead = once('keyring-fetch', () => relayEnd.end(), 1)
    })
    expect(await outcomeOf(join())).toBe('done')
    expect([...(await expectMember()).devices.values()].length).toBe(5)
  })

  it('that the relay refuses for another reason leaves nothing', async () => {
    at('keyring-append', (_, relayEnd) => relayEnd.say(refusal('keyring-append', 'quota-exceeded')))
    expect(await outcomeOf(join())).toBe('quota-exceeded')
    expect(await store.list([])).toEqual([])
    expectNothingLeft()
  })

  it('with a phrase that was issued later takes the account by the name that it has from its first record', async () => {
    const next = await createRecoveryPhrase(platform.random)
    const signer = recoveryKeysOf(await parseRecoveryPhrase(phrase))
    const record = await createReissue(platform, relay.state!, { signer, next: recoveryKeysOf(next.entropy) })
    await relay.append(platform, { record })
    expect(await outcomeOf(join('add', phrase))).toBe('wrong-account')
    expect(await outcomeOf(join('add', next.text))).toBe('done')
    expect((await expectMember()).account).toEqual(signer.account)
    expect((await readProfile(platform, store))!.account).toEqual(signer.account)
  })

  it('is led into no other account, whose owner named the keys of this phrase there, by a relay in league', async () => {
    const victim = recoveryKeysOf(await parseRecoveryPhrase(phrase))
    const other = await TestAccount.create(2)
    const signer = other.recovery
    const { state } = other
    // The owner of the other account has no proof for it, and takes one that the victim made for its own.
    const proof = (await proveRecovery(platform.signing, victim.account, victim)).proof
    const own = await createReissue(platform, state, { signer, next: recoveryKeysOf(platform.random(32)) })
    const { record } = decodeSignedRecord(own)
    if (record.type !== 'reissue') throw new TypeError('no new phrase')
    const next = { signing: victim.signing, box: victim.box, proof }
    const unsigned = encodeUnsignedRecord({ ...record, next })
    const signature = await platform.signing.sign(signer.signingSeed, recordSigningBytes(state.account, unsigned))
    relay.state = undefined
    relay.records = []
    for (const row of [...other.records, { record: encodeSignedRecord(unsigned, signature) }])
      await relay.append(platform, row)
    expect(relay.state!.recovery.signing).toEqual(victim.signing)
    for (const mode of ['add', 'recover'] as const) {
      const refused = await join(mode).catch((error: unknown) => error)
      expect(isSyncError(refused, 'keyring-invalid') && refused.message).toMatch(/signature of keyring record 2 is not/)
    }
    expect(relay.heard).not.toContain('keyring-append')
    expect(await store.get(['profile'])).toBeUndefined()
    expectNothingLeft()
  })

  it('takes no keyring of another account than the one that the relay named', async () => {
    at('auth', (_, relayEnd) => {
      const account = new Uint8Array(32).fill(9) as KeyringState['account']
      const generation = new Uint8Array(16) as Generation
      const head = relay.state!.head
      relayEnd.say({ type: 'welcome', account, generation, keyringLength: 1, keyringHead: head, timeMs: 0 })
    })
    expect(await outcomeOf(join())).toBe('wrong-account')
    expect(await store.get(['profile'])).toBeUndefined()
    expectNothingLeft()
  })

  it('believes no keyring that breaks the rules', async () => {
    relay.records = [{ record: relay.records[0]!.record.map((byte, i) => (i === 40 ? byte ^ 1 : byte)) }]
    expect(['keyring-invalid', 'wrong-account', 'unsupported-version']).toContain(await outcomeOf(join()))
    expect(await store.get(['profile'])).toBeUndefined()
    expectNothingLeft()
  })
})

describe('recovering', () => {
  it('removes every other device in the same record, and keeps what the relay holds of them', async () => {
    const [first] = [...relay.state!.devices.values()]
    const head = {
      document: new Uint8Array(16).fill(3) as DocumentId,
      device: first!.id,
      incarnation: 4,
      sequence: 9,
      hash: new Uint8Array(32).fill(1) as Hash,
    }
    const signed = headSigningBytes(relay.state!.account, head.document, head)
    const signature = await platform.signing.sign(firstKeys.signingSeed, signed)
    // What the relay makes up beside it is signed by nobody.
    relay.heads = [
      { ...head, signature },
      { ...head, sequence: 12, signature },
      { ...head, incarnation: 5, signature },
    ]
    expect(await outcomeOf(join('recover'))).toBe('done')
    const state = await expectMember()
    expect(findDevice(state, first!.id)?.removedAt).toBe(1)
    expect([...state.devices.values()].filter(({ removedAt }) => removedAt === undefined).length).toBe(1)
    const profile = await readProfile(platform, store)
    const rows = (await store.list(keyringPrefix)).map(([, bytes]) => decodeKeyringRow(bytes))
    const keyring = await AccountKeyring.open(platform, profile!.keys, rows, async () => {})
    const { document } = relay.heads[0]!
    expect(keyring.isCutOff(document, first!.id, 4, 9)).toBe(false)
    expect(keyring.isCutOff(document, first!.id, 4, 10)).toBe(true)
    expect(keyring.isCutOff(document, first!.id, 5, 1)).toBe(true)
    expect(relay.heard.slice(3, 6)).toEqual(['suspend', 'heads-fetch', 'keyring-append'])
  })

  it('reads the heads again when a removed device wrote more meanwhile', async () => {
    at('keyring-append', (_, relayEnd) => relayEnd.say(refusal('keyring-append', 'cut-behind')))
    expect(await outcomeOf(join('recover'))).toBe('done')
    await expectMember()
    expect(relay.heard.filter((type) => type === 'heads-fetch').length).toBe(2)
  })

  it.each(['is missing', 'is another', 'is garbage'])(
    'a removal whose cut %s is not believed by who joins',
    async (what) => {
      expect(await outcomeOf(join('recover'))).toBe('done')
      const { record, cut } = relay.records[1]!
      const changed = { 'is missing': undefined, 'is another': new Uint8Array([0, 0]), 'is garbage': cut!.slice(1) }[
        what
      ]
      relay.records[1] = { record, ...(changed && { cut: changed }) }
      store = openMemoryStore()
      expect(await outcomeOf(join())).toBe('keyring-invalid')
      expect(await store.get(['profile'])).toBeUndefined()
    },
  )
})

describe('a conversation with the relay', () => {
  const open = async () => RelayDialog.open(platform, relayUrl, recoveryKeysOf(await parseRecoveryPhrase(phrase)))

  it('answers with what the relay refuses, and closes', async () => {
    at('auth', (_, relayEnd) => relayEnd.say(refusal('auth', 'bad-challenge')))
    expect(await outcomeOf(open())).toBe('bad-challenge')
    expectNothingLeft()
  })

  it('passes over what it did not ask for, and hears what came before the end', async () => {
    const { dialog, welcome } = await open()
    expect(welcome.keyringLength).toBe(1)
    relay.instead = (_, relayEnd) => {
      relayEnd.say(relay.changed(), { type: 'pong', id: 1, timeMs: 5 })
      relayEnd.end()
      return true
    }
    dialog.send({ type: 'ping', id: 1 })
    expect((await dialog.receive('pong')).timeMs).toBe(5)
    expect(await outcomeOf(dialog.receive('pong'))).toBe('connection-lost')
    dialog.close()
    expectNothingLeft()
  })

  it('ends at the first message that cannot be read', async () => {
    const { dialog } = await open()
    const receiving = outcomeOf(dialog.receive('pong'))
    await settle()
    await platform.socket.sayBytes(new Uint8Array([250, 0]))
    expect(await receiving).toBe('relay-misbehaved')
    dialog.close()
    expect(decodeFrame(encodeFrame({ type: 'ping', id: 1 })).type).toBe('ping')
    expectNothingLeft()
  })

  it('waits a quarter of a minute for each answer', async () => {
    const { dialog } = await open()
    const receiving = outcomeOf(dialog.receive('heads'))
    await settle()
    expect(platform.timers).toEqual([15_000])
    expect(await receiving).toBe('relay-unreachable')
    expectNothingLeft()
  })
})
