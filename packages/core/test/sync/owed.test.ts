// What a device owes to the keyring: as rows, and judged by the keyring alone.
import type { DeviceId } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import {
  appendRecord,
  createLeave,
  createReissue,
  createRekey,
  createRemove,
  createRequest,
  createVeto,
  proveRecovery,
  type RecoveryKeys,
  recoveryKeysOf,
} from '../../src/account'
import {
  decodeOwed,
  encodeOwed,
  type JudgedKeyring,
  judgeOwed,
  type Owed,
  owedRekey,
} from '../../src/sync/keyring/owed'
import { TestAccount } from './support/account'
import { FakePlatform } from './support/fake-platform'

const platform = new FakePlatform(9)
const account = await TestAccount.create(3)
const [laptop, phone, tablet] = account.devices as [
  (typeof account.devices)[0],
  (typeof account.devices)[0],
  (typeof account.devices)[0],
]
const prove = (keys: RecoveryKeys) => proveRecovery(platform.signing, account.state.account, keys)
const next = await prove(recoveryKeysOf(platform.random(32)))
const start: JudgedKeyring = { state: account.state, recordAt: (position) => account.records[position]! }

/** The keyring with one more record. */
async function after(keyring: JudgedKeyring, record: Uint8Array): Promise<JudgedKeyring> {
  const state = await appendRecord(platform.signing, keyring.state, record)
  return {
    state,
    recordAt: (position) => (position === keyring.state.length ? { record } : keyring.recordAt(position)),
  }
}

const judge = (owed: Owed, keyring = start, self: DeviceId = laptop.id): string => {
  const verdict = judgeOwed(owed, keyring, self)
  return typeof verdict === 'string' ? verdict : verdict.impossible.code
}

const all: readonly Owed[] = [
  { kind: 'remove', devices: [phone.id, tablet.id] },
  { kind: 'rekey', after: 3 },
  { kind: 'leave' },
  { kind: 'request', after: 3, next },
  { kind: 'approve', request: 3, next: { signing: next.signing, box: next.box } },
  { kind: 'veto', request: 300, next: { signing: next.signing, box: next.box } },
]

describe('a row', () => {
  it.each(all)('of a $kind comes back as it was', (owed) => {
    expect(decodeOwed(encodeOwed(owed))).toEqual(owed)
  })

  it('that is damaged is never taken for nothing', () => {
    for (const owed of all) {
      const bytes = encodeOwed(owed)
      const damaged = [bytes.subarray(0, bytes.length - 1), new Uint8Array([...bytes, 0]), new Uint8Array()]
      for (const wrong of [...damaged, bytes.with(0, 2), bytes.with(1, 9)])
        expect(() => decodeOwed(wrong)).toThrow(expect.objectContaining({ code: 'profile-damaged' }))
    }
  })
})

describe('it is done', () => {
  it('when none of the devices to remove is active, whoever did it', async () => {
    const owed: Owed = { kind: 'remove', devices: [phone.id, tablet.id] }
    expect(judge(owed)).toBe('owed')
    const one = await createRemove(platform, start.state, { signer: laptop, removed: [phone.id], cut: [] })
    const half = await after(start, one.record)
    expect(judge(owed, half)).toBe('owed')
    expect(
      judge(owed, await after(half, (await createLeave(platform, half.state, { device: tablet, cut: [] })).record)),
    ).toBe('done')
  })

  it('when there is a newer key, whoever made it', async () => {
    const owed = owedRekey(start.state)
    expect(judge(owed)).toBe('owed')
    expect(judge(owed, await after(start, await createRekey(platform, start.state, { signer: phone })))).toBe('done')
  })

  it('when this device is out that wants to leave; nothing else is possible for it then', async () => {
    const left = await after(start, (await createLeave(platform, start.state, { device: laptop, cut: [] })).record)
    expect([judge({ kind: 'leave' }), judge({ kind: 'leave' }, left)]).toEqual(['owed', 'done'])
    for (const owed of all.filter(({ kind }) => kind !== 'leave')) expect(judge(owed, left)).toBe('device-removed')
  })

  it('when the phrase was asked for once, also when it was withdrawn since', async () => {
    const owed: Owed = { kind: 'request', next, after: start.state.length }
    expect(judge(owed)).toBe('owed')
    const asked = await after(start, await createRequest(platform, start.state, { device: laptop, next }))
    expect(judge(owed, asked)).toBe('done')
    const vetoed = await after(asked, await createVeto(platform, asked.state, { signer: phone }))
    expect(judge(owed, vetoed)).toBe('done')
    // Another wish for the same words is another one.
    expect(judge({ ...owed, after: vetoed.state.length }, vetoed)).toBe('owed')
    // The old phrase had made it count, and the answer to that was lost when it was asked for without one.
    const words = recoveryKeysOf(platform.random(32))
    const reissue = await createReissue(platform, start.state, { signer: account.recovery, next: words })
    const counting = await after(start, reissue)
    expect(judge({ kind: 'request', next: await prove(words), after: start.state.length }, counting)).toBe('done')
    const others = await prove(recoveryKeysOf(platform.random(32)))
    const other = await after(start, await createRequest(platform, start.state, { device: phone, next: others }))
    expect(judge(owed, other)).toBe('keyring-refused')
  })

  it('when a request is closed the way that was wanted; the other way it has become impossible', async () => {
    const asked = await after(start, await createRequest(platform, start.state, { device: phone, next }))
    const owed = { request: start.state.length, next }
    for (const kind of ['approve', 'veto'] as const) expect(judge({ kind, ...owed }, asked)).toBe('owed')
    const vetoed = await after(asked, await createVeto(platform, asked.state, { signer: tablet }))
    const granted = await after(asked, await createReissue(platform, asked.state, { signer: tablet }))
    expect([judge({ kind: 'approve', ...owed }, granted), judge({ kind: 'veto', ...owed }, vetoed)]).toEqual([
      'done',
      'done',
    ])
    expect([judge({ kind: 'approve', ...owed }, vetoed), judge({ kind: 'veto', ...owed }, granted)]).toEqual([
      'keyring-refused',
      'keyring-refused',
    ])
  })
})
