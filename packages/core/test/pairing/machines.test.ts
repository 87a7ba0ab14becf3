// The two machines of a pairing with a mailbox between them that does what it likes.
import {
  type AccountId,
  codeMailbox,
  decodePairingMessage,
  encodePairingMessage,
  type Hash,
  hexToBytes,
  type PairingMessage,
} from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { createDeviceKeys } from '../../src/account'
import type { TypedWay } from '../../src/pairing/agreement'
import { invitationToText, parseInvitation, type ScannedWay, scannedWay } from '../../src/pairing/invitation'
import { Member, type MemberEffect } from '../../src/pairing/member'
import { Newcomer, type NewcomerEffect } from '../../src/pairing/newcomer'
import { FakePlatform } from '../sync/support/fake-platform'

const account = new Uint8Array(32).fill(9) as AccountId
const welcome = { account, keyringLength: 3, keyringHead: new Uint8Array(32).fill(8) as Hash, name: 'laptop' }

/** A platform for each party, so that no random byte is drawn twice. */
let seeds = 0
function tools() {
  const platform = new FakePlatform(++seeds)
  return { signing: platform.signing, sha512: platform.signing.sha512, random: platform.random }
}

function newDevice() {
  const { signing, box } = createDeviceKeys(tools().random, tools().signing)
  return { signing, box }
}

const keys = newDevice()
const relay = 'wss://relay.example'

function newcomerBy(way: ScannedWay | TypedWay, deviceKeys = keys, name = 'phone'): Newcomer {
  return new Newcomer({ way, keys: deviceKeys, name, platform: 'test', tools: tools() })
}

function memberBy(way: ScannedWay | TypedWay, of = account): Member {
  return new Member({ way, account: of, tools: tools() })
}

const typed = (): TypedWay => ({ kind: 'typed', mailbox: codeMailbox(tools().sha512, 'ABCDEFGH') })
const scanned = (): ScannedWay => scannedWay({ relay, keys, secret: tools().random(16) })

type Effect = NewcomerEffect | MemberEffect

function sent(effects: readonly Effect[]): Uint8Array[] {
  return effects.flatMap((effect) => (effect.type === 'send' ? [effect.message] : []))
}

function only(effects: readonly Effect[]): Uint8Array {
  const [message, ...more] = sent(effects)
  if (message === undefined || more.length > 0) throw new TypeError('not one message')
  return message
}

const digitsOf = (effects: readonly Effect[]): string | undefined =>
  effects.flatMap((effect) => (effect.type === 'compare' ? [effect.digits] : []))[0]
const failureOf = (effects: readonly Effect[]): string | undefined =>
  effects.flatMap((effect) => (effect.type === 'failed' ? [effect.failure.code] : []))[0]
const introducedTo = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.type === 'introduced' ? [effect.newcomer] : []))[0]

/** As far as the digits on both screens. */
function compare(
  newcomer: Newcomer,
  member: Member,
  change: (message: Uint8Array, step: number) => Uint8Array = (m) => m,
) {
  const answer = member.received(change(only(newcomer.begin()), 0))
  if (failureOf(answer)) return { member: failureOf(answer) }
  const revealed = newcomer.received(change(only(answer), 1))
  if (failureOf(revealed)) return { newcomer: failureOf(revealed) }
  const compared = member.received(change(only(revealed), 2))
  return { newcomer: digitsOf(revealed), member: digitsOf(compared) ?? failureOf(compared) }
}

describe('a scanned code', () => {
  it('brings the newcomer into the account with the keys that the code names', () => {
    const way = scanned()
    const [newcomer, member] = [
      newcomerBy(way),
      memberBy(scannedWay(parseInvitation(invitationToText(way.invitation)))),
    ]
    expect(introducedTo(member.received(only(newcomer.begin())))).toEqual({ keys, name: 'phone', platform: 'test' })
    const welcomed = newcomer.received(only(member.welcome(welcome)))
    expect(welcomed).toEqual([{ type: 'welcomed', welcome: { type: 'welcome', ...welcome } }])
    expect(member.received(only(newcomer.finish()))).toEqual([{ type: 'finished' }])
  })

  it('fits a QR code of moderate size', () => {
    expect(invitationToText(scanned().invitation).length).toBeLessThan(160)
  })

  it('survives being broken into lines, and is refused in parts', () => {
    const text = invitationToText(scanned().invitation)
    expect(parseInvitation(` ${text.slice(0, 60)}\n${text.slice(60)}\n`).relay).toBe(relay)
    for (const broken of [text.slice(1), text.slice(0, -1), `${text}A`, `${text.slice(0, 60)}!${text.slice(61)}`])
      expect(() => parseInvitation(broken)).toThrow(expect.objectContaining({ name: 'SyncError' }))
  })

  it('of a newer version says so', () => {
    const text = invitationToText(scanned().invitation)
    expect(() => parseInvitation(`Ag${text.slice(2)}`)).toThrow(
      expect.objectContaining({ code: 'unsupported-version' }),
    )
  })

  it('with one character changed opens nothing: neither side hears the other', () => {
    const way = scanned()
    const secret = way.invitation.secret.slice()
    secret[0] = (secret[0] as number) ^ 1
    const other = scannedWay({ ...way.invitation, secret })
    expect(other.mailbox).not.toEqual(way.mailbox)
    expect(failureOf(memberBy(other).received(only(newcomerBy(way).begin())))).toBe('pairing-mismatch')
  })

  it('is not opened by a mailbox that makes up, repeats or turns back messages', () => {
    const way = scanned()
    const hello = only(newcomerBy(way).begin())
    const forged = hello.slice()
    forged[forged.length - 1] = (forged[forged.length - 1] as number) ^ 1
    expect(failureOf(memberBy(way).received(forged))).toBe('pairing-mismatch')

    const member = memberBy(way)
    member.received(hello)
    expect(failureOf(member.received(hello))).toBe('pairing-mismatch')

    const newcomer = newcomerBy(way)
    expect(failureOf(newcomer.received(only(newcomer.begin())))).toBe('pairing-mismatch')
  })

  it('is refused by either person, and the other one hears it', () => {
    const way = scanned()
    const [newcomer, member] = [newcomerBy(way), memberBy(way)]
    member.received(only(newcomer.begin()))
    expect(failureOf(newcomer.received(only(member.refuse())))).toBe('pairing-refused')
    const [second, other] = [newcomerBy(way), memberBy(way)]
    other.received(only(second.begin()))
    expect(failureOf(other.received(only(second.refuse())))).toBe('pairing-refused')
  })

  it('lets nobody be welcomed who was not introduced', () => {
    const member = memberBy(scanned())
    expect(member.welcome(welcome)).toEqual([])
  })
})

describe('a typed code', () => {
  let way: TypedWay
  beforeEach(() => {
    way = typed()
  })

  it('shows the same six digits on both screens, and lets the revealed keys in', () => {
    const [newcomer, member] = [newcomerBy(way), memberBy(way)]
    const digits = compare(newcomer, member)
    expect(digits.newcomer).toMatch(/^\d{6}$/)
    expect(digits.member).toBe(digits.newcomer)
    const introduced = introducedTo(member.received(only(newcomer.confirmDigits())))
    expect(introduced).toEqual({ keys, name: 'phone', platform: 'test' })
    expect(newcomer.received(only(member.welcome(welcome)))[0]?.type).toBe('welcomed')
    expect(member.received(only(newcomer.finish()))).toEqual([{ type: 'finished' }])
  })

  it('shows other digits each time', () => {
    const shown = new Set(Array.from({ length: 20 }, () => compare(newcomerBy(way), memberBy(way)).newcomer))
    expect(shown.size).toBeGreaterThan(18)
  })

  it('tells the member nothing of the newcomer before its person has confirmed the digits', () => {
    const [newcomer, member] = [newcomerBy(way), memberBy(way)]
    compare(newcomer, member)
    expect(member.welcome(welcome)).toEqual([])
    expect(sent(newcomer.confirmDigits())).toHaveLength(1)
    expect(newcomer.confirmDigits()).toEqual([])
  })

  it('ends when the welcome names another account than the one that was compared', () => {
    const [newcomer, member] = [newcomerBy(way), memberBy(way)]
    compare(newcomer, member)
    member.received(only(newcomer.confirmDigits()))
    const other = { ...welcome, account: new Uint8Array(32).fill(1) as AccountId }
    expect(failureOf(newcomer.received(only(member.welcome(other))))).toBe('pairing-mismatch')
  })

  it('ends when anything comes before the person at the new device has confirmed', () => {
    const [newcomer, member] = [newcomerBy(way), memberBy(way)]
    compare(newcomer, member)
    const made = encodePairingMessage({ type: 'sealed', nonce: new Uint8Array(24), box: new Uint8Array(80) })
    expect(failureOf(newcomer.received(made))).toBe('pairing-mismatch')
  })

  const fields: [step: number, change: (message: PairingMessage) => PairingMessage][] = [
    [0, (m) => (m.type === 'commit' ? { ...m, commitment: flipped(m.commitment) } : m)],
    [1, (m) => (m.type === 'answer' ? { ...m, nonce: flipped(m.nonce) } : m)],
    [1, (m) => (m.type === 'answer' ? { ...m, ephemeral: newDevice().box } : m)],
    [1, (m) => (m.type === 'answer' ? { ...m, account: flipped(m.account) } : m)],
    [2, (m) => (m.type === 'reveal' ? { ...m, nonce: flipped(m.nonce) } : m)],
    [2, (m) => (m.type === 'reveal' ? { ...m, ephemeral: newDevice().box } : m)],
    [2, (m) => (m.type === 'reveal' ? { ...m, keys: newDevice() } : m)],
  ]

  it.each(fields)(
    'ends, or shows different digits, when a field of message %i is changed on the way (%#)',
    (step, change) => {
      const result = compare(newcomerBy(way), memberBy(way), (bytes, at) =>
        at === step ? encodePairingMessage(change(decodePairingMessage(bytes))) : bytes,
      )
      expect(result.member).not.toBe(result.newcomer)
      if (step === 2) expect(result.member).toBe('pairing-mismatch')
    },
  )

  it.each([
    ['a point of small order', `01${'00'.repeat(31)}`],
    ['zero', '00'.repeat(32)],
  ])('ends when the other side names %s as its key', (_, hex) => {
    const weak = hexToBytes(hex)
    const newcomer = newcomerBy(way)
    newcomer.begin()
    const answer = encodePairingMessage({ type: 'answer', ephemeral: weak, nonce: new Uint8Array(32), account })
    expect(failureOf(newcomer.received(answer))).toBe('pairing-mismatch')
  })

  it('ends when messages are dropped, repeated, swapped, or answered twice', () => {
    const dropped = memberBy(way)
    const first = newcomerBy(way)
    const commit = only(first.begin())
    const reveal = only(first.received(only(memberBy(way).received(commit))))
    expect(failureOf(dropped.received(reveal))).toBe('pairing-mismatch')

    const repeated = memberBy(way)
    repeated.received(commit)
    expect(failureOf(repeated.received(commit))).toBe('pairing-mismatch')

    const twice = newcomerBy(way)
    const own = only(twice.begin())
    expect(digitsOf(twice.received(only(memberBy(way).received(own))))).toBeDefined()
    expect(failureOf(twice.received(only(memberBy(way).received(own))))).toBe('pairing-mismatch')

    const turnedBack = newcomerBy(way)
    expect(failureOf(turnedBack.received(only(turnedBack.begin())))).toBe('pairing-mismatch')
  })

  it('hears nothing more after it has ended', () => {
    const member = memberBy(way)
    expect(failureOf(member.received(new Uint8Array([1, 9])))).toBe('unsupported-version')
    expect(member.received(only(newcomerBy(way).begin()))).toEqual([])
    expect(failureOf(memberBy(way).received(new Uint8Array([7])))).toBe('unsupported-version')
    expect(failureOf(memberBy(way).received(new Uint8Array()))).toBe('pairing-mismatch')
  })
})

describe('a relay in the middle that pairs with each of the two', () => {
  /** The relay's own machines: a member towards the newcomer, and a newcomer towards the member. */
  function attack(way: TypedWay, order: 'newcomer first' | 'member first' | 'interleaved') {
    const [newcomer, member] = [newcomerBy(way), memberBy(way)]
    const [asMember, asNewcomer] = [memberBy(way), newcomerBy(way, newDevice())]
    const towardsNewcomer = () => {
      const revealed = newcomer.received(only(asMember.received(only(newcomer.begin()))))
      asMember.received(only(revealed))
      return digitsOf(revealed)
    }
    const towardsMember = () => {
      const answer = only(member.received(only(asNewcomer.begin())))
      return digitsOf(member.received(only(asNewcomer.received(answer))))
    }
    if (order === 'newcomer first') return { newcomer: towardsNewcomer(), member: towardsMember() }
    if (order === 'member first') {
      const shown = towardsMember()
      return { newcomer: towardsNewcomer(), member: shown }
    }
    const answerOfMember = only(member.received(only(asNewcomer.begin())))
    const shown = towardsNewcomer()
    return { newcomer: shown, member: digitsOf(member.received(only(asNewcomer.received(answerOfMember)))) }
  }

  it.each(['newcomer first', 'member first', 'interleaved'] as const)('is seen by the digits: %s', (order) => {
    for (let i = 0; i < 20; i++) {
      const digits = attack(typed(), order)
      expect(digits.newcomer).toMatch(/^\d{6}$/)
      expect(digits.member).toMatch(/^\d{6}$/)
      expect(digits.newcomer).not.toBe(digits.member)
    }
  })

  it('cannot look for keys that give the digits it needs: it is bound before it knows them', () => {
    const way = typed()
    const [newcomer, member] = [newcomerBy(way), memberBy(way)]
    const asMember = memberBy(way)
    const shown = digitsOf(newcomer.received(only(asMember.received(only(newcomer.begin())))))
    // It has committed to one thing; every other that it reveals is refused, whatever digits it would give.
    const bound = newcomerBy(way, newDevice())
    const answer = only(member.received(only(bound.begin())))
    const tried = newcomerBy(way, newDevice())
    tried.begin()
    const other = only(tried.received(answer))
    expect(failureOf(member.received(other))).toBe('pairing-mismatch')
    expect(shown).toBeDefined()
  })

  it('cannot choose its answer by the newcomer’s secrets: the commitment tells nothing of them', () => {
    const way = typed()
    const commitments = new Set<string>()
    for (let i = 0; i < 50; i++) commitments.add(only(newcomerBy(way).begin()).join())
    // The same device, the same keys, the same code.
    expect(commitments.size).toBe(50)
  })
})

function flipped<T extends Uint8Array>(bytes: T): T {
  const copy = bytes.slice() as T
  copy[0] = (copy[0] as number) ^ 1
  return copy
}
