// Two branches of one keyring: every pair of records that can stand at the fork, seen from both sides.
import { describe, expect, test } from 'vitest'
import { compareBytes } from '../src/bytes'
import { chooseBranch } from '../src/keyring-branch'
import { recordHash } from '../src/keyring-record'
import type { KeyringState } from '../src/keyring-rules'
import { sha512 } from './support/bytes'
import {
  accept,
  addContent,
  follow,
  genesis,
  laptop,
  leaveContent,
  memberFrom,
  phone,
  recoverContent,
  reissueContent,
  rekeyContent,
  removeContent,
  requestContent,
  tablet,
  withAdded,
} from './support/keyring-chain'

const ancestor = withAdded(withAdded(genesis(), laptop, phone), laptop, tablet)
const [newcomer, next] = [memberFrom(20), memberFrom(21)]

const records = {
  'laptop removes phone': follow(ancestor, laptop, removeContent(ancestor, phone)),
  'laptop removes phone and tablet': follow(ancestor, laptop, removeContent(ancestor, [phone, tablet])),
  'phone removes laptop': follow(ancestor, phone, removeContent(ancestor, laptop, 160)),
  'phone removes tablet': follow(ancestor, phone, removeContent(ancestor, tablet, 162)),
  'phone adds': follow(ancestor, phone, addContent(newcomer)),
  'tablet re-keys': follow(ancestor, tablet, rekeyContent(ancestor, 164)),
  'phone leaves': follow(ancestor, phone, leaveContent),
  'phone asks for a phrase': follow(ancestor, phone, requestContent(next)),
  'recovery adds': follow(ancestor, undefined, addContent(newcomer)),
  'recovery recovers': follow(ancestor, undefined, recoverContent(ancestor, newcomer, [laptop, phone, tablet])),
  'recovery re-issues': follow(ancestor, undefined, reissueContent(ancestor, next)),
} as const
type Name = keyof typeof records

function choose(ours: Name, theirs: Name): string {
  const choice = chooseBranch(sha512, [records[ours]], [records[theirs]])
  const mirrored = chooseBranch(sha512, [records[theirs]], [records[ours]])
  if (ours !== theirs)
    expect(mirrored, 'both sides decide alike').toBe({ ours: 'theirs', theirs: 'ours', fork: 'fork' }[choice])
  return { ours, theirs, fork: 'fork' }[choice]
}
const lower = (a: Name, b: Name): Name =>
  compareBytes(recordHash(sha512, records[a]), recordHash(sha512, records[b])) <= 0 ? a : b

describe('of two branches', () => {
  const recoverySigned: Name[] = ['recovery adds', 'recovery recovers', 'recovery re-issues']
  const byDevices = (Object.keys(records) as Name[]).filter((name) => !recoverySigned.includes(name))

  test('the one that the recovery key signed wins over any device', () => {
    for (const winner of recoverySigned) for (const other of byDevices) expect(choose(winner, other)).toBe(winner)
  })

  test('of two that the recovery key signed, the lower hash wins, so that all devices agree', () => {
    const keeping = recoverySigned.filter((name) => name !== 'recovery re-issues')
    for (const a of keeping) for (const b of keeping) expect(choose(a, b)).toBe(lower(a, b))
  })

  test('one that the recovery key signed loses to one that replaces this key', () => {
    for (const other of ['recovery adds', 'recovery recovers'] as const)
      expect(choose('recovery re-issues', other)).toBe('recovery re-issues')
  })

  test('the one that removes the other’s signer wins, whatever the other says', () => {
    for (const other of ['phone adds', 'phone leaves', 'phone asks for a phrase', 'phone removes tablet'] as const)
      expect(choose('laptop removes phone', other)).toBe('laptop removes phone')
    expect(choose('laptop removes phone and tablet', 'tablet re-keys')).toBe('laptop removes phone and tablet')
  })

  test('neither of two that remove each other: people decide', () => {
    expect(choose('laptop removes phone', 'phone removes laptop')).toBe('fork')
  })

  test('neither where a removal stands beside something that does not concern it', () => {
    expect(choose('phone removes tablet', 'laptop removes phone and tablet')).toBe('laptop removes phone and tablet')
    expect(choose('phone removes laptop', 'tablet re-keys')).toBe('fork')
  })

  test('the lower hash where nobody’s standing suffers: the other can be done again', () => {
    const byPhone = ['phone adds', 'phone asks for a phrase'] as const
    for (const a of byPhone)
      for (const b of [...byPhone, 'tablet re-keys'] as const) expect(choose(a, b)).toBe(lower(a, b))
    expect(choose('phone leaves', 'tablet re-keys')).toBe(lower('phone leaves', 'tablet re-keys'))
    expect(choose('phone leaves', 'phone leaves')).toBe('phone leaves')
  })

  test('the one on which a device left, whatever else the device signed for that place', () => {
    for (const other of ['phone adds', 'phone asks for a phrase'] as const)
      expect(choose('phone leaves', other)).toBe('phone leaves')
  })
})

describe('a hash that was ground until it is the lower one', () => {
  const afterAdd = accept(ancestor, follow(ancestor, laptop, addContent(newcomer)))
  const withRemoval = [
    follow(ancestor, laptop, addContent(newcomer)),
    follow(afterAdd, laptop, removeContent(afterAdd, tablet, 166)),
  ]
  const both = (ours: Uint8Array[], theirs: Uint8Array[]) => [
    chooseBranch(sha512, ours, theirs),
    chooseBranch(sha512, theirs, ours),
  ]

  test('does not undo the removal of a third device', () => {
    // Of many re-keyings one has a lower hash than any given record.
    for (let seed = 0; seed < 20; seed++)
      expect(both(withRemoval, [follow(ancestor, phone, rekeyContent(ancestor, 10 * seed))])).toEqual([
        'ours',
        'theirs',
      ])
  })

  test('decides nothing where both branches remove somebody', () => {
    const rekeyed = accept(ancestor, follow(ancestor, phone, rekeyContent(ancestor, 170)))
    const other = [
      follow(ancestor, phone, rekeyContent(ancestor, 170)),
      follow(rekeyed, phone, removeContent(rekeyed, tablet, 172)),
    ]
    expect(both(withRemoval, other)).toEqual(['fork', 'fork'])
  })
})

describe('a new recovery phrase that a device granted', () => {
  const asked = accept(ancestor, follow(ancestor, phone, requestContent(next)))
  const request = asked.length - 1
  const both = (ours: Uint8Array[], theirs: Uint8Array[]) => [
    chooseBranch(sha512, ours, theirs),
    chooseBranch(sha512, theirs, ours),
  ]
  const granted = follow(asked, phone, reissueContent(asked, next, request))

  test('gives way to what was done meanwhile on a relay that was put back: its author grants it again', () => {
    // Whatever the hashes are: of many keys one has a lower hash, another a higher one.
    for (let seed = 0; seed < 20; seed++) {
      const rekeyed = follow(asked, tablet, rekeyContent(asked, 10 * seed))
      expect(both([granted], [rekeyed])).toEqual(['theirs', 'ours'])
    }
    const added = follow(asked, laptop, addContent(newcomer))
    const vetoed = follow(asked, tablet, { type: 'veto', request })
    for (const other of [added, vetoed]) expect(both([granted], [other])).toEqual(['theirs', 'ours'])
    const then = accept(asked, added)
    const later = [added, follow(then, phone, reissueContent(then, next, request, 176))]
    expect(both(later, [follow(asked, tablet, rekeyContent(asked, 178))])).toEqual(['theirs', 'ours'])
  })

  test('does not undo a removal, nor is undone by who was removed behind it', () => {
    const added = follow(asked, laptop, addContent(newcomer))
    const then = accept(asked, added)
    const removed = [added, follow(then, laptop, removeContent(then, tablet, 180))]
    expect(both([granted], removed)).toEqual(['theirs', 'ours'])
    const behind = accept(asked, granted)
    const branch = [granted, follow(behind, phone, removeContent(behind, laptop, 182))]
    expect(both(branch, [added])).toEqual(['ours', 'theirs'])
  })

  test('counts against a branch that the old phrase began', () => {
    expect(both([granted], [follow(asked, undefined, addContent(newcomer))])).toEqual(['ours', 'theirs'])
    const added = follow(asked, laptop, addContent(newcomer))
    const then = accept(asked, added)
    const recovered = follow(then, undefined, recoverContent(then, memberFrom(23), [tablet]))
    // The device that asked could be put out there as well, which always counted: it grants the phrase again.
    expect(both([granted], [added, recovered])).toEqual(['theirs', 'ours'])
  })
})

describe('a signer that was put out after the fork', () => {
  const afterAdd = accept(ancestor, follow(ancestor, laptop, addContent(newcomer)))
  const ours = (last: (state: KeyringState) => Uint8Array) => [
    follow(ancestor, laptop, addContent(newcomer)),
    last(afterAdd),
  ]
  const againstOurs = (branch: Uint8Array[], name: Name) => {
    const choice = chooseBranch(sha512, branch, [records[name]])
    expect(chooseBranch(sha512, [records[name]], branch)).toBe({ ours: 'theirs', theirs: 'ours', fork: 'fork' }[choice])
    return choice
  }

  test('does not undo its removal with a record for a place before it', () => {
    const branch = ours((state) => follow(state, laptop, removeContent(state, phone)))
    expect(againstOurs(branch, 'phone adds')).toBe('ours')
    expect(againstOurs(branch, 'phone removes tablet')).toBe('ours')
    expect(againstOurs(branch, 'phone removes laptop')).toBe('fork')
    const recovered = ours((state) => follow(state, undefined, recoverContent(state, memberFrom(22), [phone])))
    expect(againstOurs(recovered, 'phone adds')).toBe('ours')
  })

  test('does not undo that it left', () => {
    expect(
      againstOurs(
        ours((state) => follow(state, phone, leaveContent)),
        'phone adds',
      ),
    ).toBe('ours')
  })

  test('does not come back by a recovery phrase that was replaced', () => {
    const branch = ours((state) => follow(state, undefined, reissueContent(state, next)))
    expect(againstOurs(branch, 'recovery adds')).toBe('ours')
    expect(againstOurs(branch, 'recovery recovers')).toBe('fork')
    expect(againstOurs(branch, 'phone removes laptop')).toBe('theirs')
  })
})
