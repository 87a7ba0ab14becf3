// Leaving, and a new recovery phrase: asked for, vetoed, granted.
import { describe, expect, test } from 'vitest'
import { type ProtocolCode, ProtocolFailure } from '../src/codes'
import { decodeSignedRecord, type NextRecovery } from '../src/keyring-record'
import {
  applyRecord,
  isOwnReissue,
  type KeyringState,
  newestEpoch,
  prepareRecord,
  reissueWaitsSince,
} from '../src/keyring-rules'
import { counting, sha512 } from './support/bytes'
import {
  accept,
  type account,
  activeIds,
  addContent,
  epochFor,
  follow,
  genesis,
  isVerified,
  laptop,
  leaveContent,
  memberFrom,
  phone,
  proven,
  recoverContent,
  recovery,
  reissueContent,
  rekeyContent,
  removeContent,
  requestContent,
  tablet,
  withAdded,
} from './support/keyring-chain'

const next = memberFrom(9)
const withPhone = () => withAdded(genesis(), laptop, phone)
const asked = () => {
  const state = withPhone()
  return accept(state, follow(state, phone, requestContent(next)))
}

function codeOf(state: KeyringState, bytes: Uint8Array): readonly [ProtocolCode, string] | 'accepted' {
  try {
    accept(state, bytes)
    return 'accepted'
  } catch (error) {
    if (error instanceof ProtocolFailure) return [error.code, error.message]
    throw error
  }
}
const refused = (reason: RegExp) => ['keyring-refused', expect.stringMatching(reason)]

describe('several devices at once', () => {
  test('leave in one record, which seals the new key to those who stay', () => {
    const state = withAdded(withPhone(), laptop, tablet)
    const alone = accept(state, follow(state, laptop, removeContent(state, [phone, tablet])))
    expect(activeIds(alone)).toEqual([laptop.id])
    expect(newestEpoch(alone).sealed).toHaveLength(2)
  })

  test('none, one of them twice, unsorted, or the signer among them is refused', () => {
    const state = withAdded(withPhone(), laptop, tablet)
    const content = removeContent(state, [phone, tablet])
    const [first, second] = content.removed as [typeof phone.id, typeof phone.id]
    const bend = (removed: readonly (typeof phone.id)[]) =>
      codeOf(state, follow(state, laptop, { ...content, removed: [...removed] }))
    expect(bend([])).toEqual(refused(/at least one/))
    expect(bend([first, first])).toEqual(refused(/not sorted/))
    expect(bend([second, first])).toEqual(refused(/not sorted/))
    expect(codeOf(state, follow(state, phone, content))).toEqual(refused(/cannot remove itself/))
  })
})

describe('a device that leaves', () => {
  test('is out with its own record, and the others owe a key that it does not know', () => {
    const state = withPhone()
    const left = accept(state, follow(state, phone, leaveContent))
    expect(activeIds(left)).toEqual([laptop.id])
    expect(left.owesRekey).toBe(true)
    expect(newestEpoch(left).position).toBe(0)
    expect(codeOf(left, follow(left, phone, rekeyContent(left)))).toEqual(refused(/not an active device/))
    expect(accept(left, follow(left, laptop, rekeyContent(left))).owesRekey).toBe(false)
  })

  test('may be the last one: the phrase opens the account again', () => {
    const state = genesis()
    const left = accept(state, follow(state, laptop, leaveContent))
    expect(activeIds(left)).toEqual([])
    const back = accept(left, follow(left, undefined, recoverContent(left, tablet, [])))
    expect(activeIds(back)).toEqual([tablet.id])
    expect(back.owesRekey).toBe(false)
  })

  test('what is owed stays owed over records that make no key', () => {
    const state = withPhone()
    const left = accept(state, follow(state, phone, leaveContent))
    expect(accept(left, follow(left, laptop, addContent(tablet))).owesRekey).toBe(true)
  })

  test('the recovery key cannot leave', () => {
    const state = withPhone()
    expect(codeOf(state, follow(state, undefined, leaveContent))).toEqual(refused(/only a device leaves/))
  })
})

describe('a new recovery phrase', () => {
  test('with the old one: at once, sealed to the new one, and the old one signs nothing more', () => {
    const state = withPhone()
    const changed = accept(state, follow(state, undefined, reissueContent(state, next)))
    expect(changed.recovery).toEqual(next.keys)
    const byOld = prepareRecord(sha512, changed, follow(changed, undefined, addContent(tablet)))
    expect(isVerified(byOld)).toBe(false)
  })

  test('without the old one: one device asks, another grants', () => {
    const state = asked()
    expect(state.reissueRequest).toEqual({ position: 2, signer: phone.id, next: proven(next) })
    const grant = follow(state, laptop, reissueContent(state, next, 2))
    expect(isOwnReissue(state, decodeSignedRecord(grant).record)).toBe(false)
    const changed = accept(state, grant)
    expect(changed.recovery).toEqual(next.keys)
    expect(changed.reissueRequest).toBeUndefined()
  })

  test('granted by the device that asked is told apart, since it has to wait', () => {
    const state = asked()
    const record = (signer: typeof phone | undefined, request?: number) =>
      decodeSignedRecord(follow(state, signer, reissueContent(state, next, request))).record
    expect(isOwnReissue(state, record(phone, 2))).toBe(true)
    expect(isOwnReissue(state, record(undefined))).toBe(false)
    expect(isOwnReissue(state, decodeSignedRecord(follow(state, phone, rekeyContent(state))).record)).toBe(false)
  })

  test('waits from its request on, or from when the device came that grants it, whichever was first', () => {
    const before = withAdded(asked(), laptop, tablet)
    const since = (state: KeyringState, signer: typeof phone | undefined, request?: number) =>
      reissueWaitsSince(state, decodeSignedRecord(follow(state, signer, reissueContent(state, next, request))).record)
    expect(since(before, phone, 2)).toBe(2)
    expect(since(before, laptop, 2)).toBe(0)
    expect(since(before, tablet, 2)).toBe(2)
    expect(since(before, undefined)).toBeUndefined()
    expect(since(withPhone(), laptop, 2)).toBeUndefined()
  })

  test('is not granted without a request, for another request, or for another phrase than was asked for', () => {
    const state = asked()
    const before = withPhone()
    expect(codeOf(before, follow(before, laptop, reissueContent(before, next, 2)))).toEqual(refused(/asked for/))
    expect(codeOf(state, follow(state, laptop, reissueContent(state, next)))).toEqual(refused(/asked for/))
    expect(codeOf(state, follow(state, laptop, reissueContent(state, next, 1)))).toEqual(refused(/asked for/))
    const other = { ...reissueContent(state, next, 2), next: proven(memberFrom(10)) }
    expect(codeOf(state, follow(state, laptop, other))).toEqual(refused(/another than/))
    const withBox = { ...next, keys: { ...next.keys, box: memberFrom(10).keys.box } }
    const otherBox = { ...reissueContent(state, next, 2), next: proven(withBox) }
    expect(codeOf(state, follow(state, laptop, otherBox))).toEqual(refused(/another than/))
    expect(codeOf(state, follow(state, undefined, reissueContent(state, next, 2)))).toEqual(refused(/asks nobody/))
  })

  test('is not the old one', () => {
    const state = withPhone()
    expect(codeOf(state, follow(state, phone, requestContent(recovery)))).toEqual(refused(/the old one/))
    expect(codeOf(state, follow(state, undefined, reissueContent(state, recovery)))).toEqual(refused(/the old one/))
  })

  test('says itself, in every record that names it, that it is meant for this account', () => {
    const state = withPhone()
    const naming = (keys: NextRecovery) => [
      follow(state, phone, { type: 'request', next: keys }),
      follow(state, undefined, { ...reissueContent(state, next), next: keys }),
      follow(state, undefined, recoverContent(state, tablet, [], { nextRecovery: keys })),
    ]
    const verdicts = (keys: NextRecovery) =>
      naming(keys).map((bytes) => isVerified(prepareRecord(sha512, state, bytes)))
    expect(verdicts(proven(next))).toEqual([true, true, true])
    const forAnother = proven(next, counting(32, 99) as typeof account)
    const byAnother = { ...next.keys, proof: proven(memberFrom(10)).proof }
    const withOtherBox = { ...proven(next), box: memberFrom(10).keys.box }
    for (const keys of [forAnother, byAnother, withOtherBox]) expect(verdicts(keys)).toEqual([false, false, false])
  })

  test('is granted with the proof that it was asked for with', () => {
    const state = asked()
    const content = reissueContent(state, next, 2)
    const other = { ...content, next: { ...content.next, proof: counting(64, 1) } }
    const prepared = prepareRecord(sha512, state, follow(state, laptop, other))
    expect(() => applyRecord(sha512, state, prepared)).toThrow(/another than/)
  })

  test('always comes with a new key', () => {
    const state = withPhone()
    const old = { ...reissueContent(state, next), epoch: epochFor(activeIds(state), 150) }
    expect(codeOf(state, follow(state, undefined, old))).toEqual(refused(/needs a new key/))
  })

  test('is asked for once at a time, by a device', () => {
    const state = asked()
    expect(codeOf(state, follow(state, laptop, requestContent(memberFrom(10))))).toEqual(refused(/asked for already/))
    const before = withPhone()
    expect(codeOf(before, follow(before, undefined, requestContent(next)))).toEqual(refused(/only a device/))
  })

  test('any device and the recovery key veto it; then it is not granted, and may be asked for again', () => {
    const state = asked()
    for (const signer of [laptop, phone, undefined]) {
      const vetoed = accept(state, follow(state, signer, { type: 'veto', request: 2 }))
      expect(vetoed.reissueRequest).toBeUndefined()
      expect(codeOf(vetoed, follow(vetoed, laptop, reissueContent(vetoed, next, 2)))).toEqual(refused(/asked for/))
      expect(accept(vetoed, follow(vetoed, phone, requestContent(next))).reissueRequest?.position).toBe(4)
    }
    expect(codeOf(state, follow(state, laptop, { type: 'veto', request: 1 }))).toEqual(refused(/no such request/))
  })

  test('a request ends with the removal or the leaving of its device, with a recovery and with any re-issue', () => {
    const state = asked()
    const ended = [
      follow(state, laptop, removeContent(state, phone)),
      follow(state, phone, leaveContent),
      follow(state, undefined, recoverContent(state, tablet, [])),
      follow(state, undefined, reissueContent(state, memberFrom(10))),
    ]
    for (const bytes of ended) expect(accept(state, bytes).reissueRequest).toBeUndefined()
  })

  test('a request outlives what does not concern it', () => {
    const state = withAdded(asked(), laptop, tablet)
    const kept = [
      follow(state, laptop, removeContent(state, tablet)),
      follow(state, laptop, rekeyContent(state)),
      follow(state, tablet, leaveContent),
    ]
    for (const bytes of kept) expect(accept(state, bytes).reissueRequest?.position).toBe(2)
  })
})

describe('a sign-in key', () => {
  test('brings in devices and no further sign-in key, and asks, vetoes, grants and leaves nothing', () => {
    const state = withAdded(asked(), laptop, tablet, 'sign-in')
    const only = refused(/may only add/)
    expect(codeOf(state, follow(state, tablet, addContent(memberFrom(10))))).toBe('accepted')
    expect(codeOf(state, follow(state, tablet, addContent(memberFrom(10), 'sign-in')))).toEqual(only)
    for (const content of [leaveContent, { type: 'veto', request: 2 } as const, reissueContent(state, next, 2)])
      expect(codeOf(state, follow(state, tablet, content))).toEqual(only)
  })
})
