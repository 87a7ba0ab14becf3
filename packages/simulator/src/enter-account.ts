// How a device comes into the account: with what its disk holds, as the first one, by pairing with another device, or by the phrase. Its
// person tries until it works.
import {
  createAccount,
  hasAccount,
  isSyncError,
  joinAccount,
  openAccount,
  type Platform,
  recoverAccount,
  type Store,
  type Sync,
} from '@owlivion/sync'
import type { Life, VirtualTime } from './clock'
import { codesOfBadOrder, codesOfFailedEntries, expectedCodes } from './expected-codes'
import { pair } from './pair'
import type { Phrases } from './phrases'
import type { RandomStream } from './random'
import { RELAY_URL } from './relay'
import type { Trace } from './trace'

export interface EntryOptions {
  readonly name: string
  readonly time: VirtualTime
  readonly trace: Trace
  readonly life: Life
  readonly platform: Platform
  readonly openStore: () => Promise<Store>
  readonly phrases: Phrases
  readonly person: RandomStream
  readonly makesAccount: boolean
  /** Its disk holds an account, and nothing but its owner may end that. */
  readonly isMember: () => boolean
  /** The account was taken from the disk as its owner had asked, just before the process died. @returns false when nobody had */
  readonly hasLeft: () => boolean
  readonly by: 'phrase' | 'recovery'
  /** A device that is in the account and can let another one in. */
  readonly findMember: () => { readonly name: string; readonly sync: Sync | undefined } | undefined
  /** The relay hides the record that lets it in. */
  readonly isLiedTo: () => boolean
  /** The record that let it in may be gone with the relay that had it. */
  readonly isRelayLost: () => boolean
  /** A pairing is over, however it ended; its last word may be on its way still. */
  readonly pairingOver: () => void
  readonly fail: (reason: string) => void
}

/** What people call a device; the relay must not learn it. */
export const deviceNameOf = (name: string): string => `canary ${name}`

export async function enterAccount(options: EntryOptions): Promise<Sync> {
  const { name, time, trace, life, person, isLiedTo } = options
  let store = await options.openStore()
  for (let attempt = 0; ; attempt++) {
    try {
      const sync = await tryToEnter(options, store, attempt)
      if (sync !== undefined) return sync
    } catch (error) {
      if (!isSyncError(error)) throw error
      const isOver = error.code === 'profile-missing' && options.hasLeft()
      if (isOver) store = await options.openStore()
      const isExpected =
        isOver ||
        (error.code === 'device-unknown' && options.isRelayLost()) ||
        expectedCodes.has(error.code) ||
        codesOfBadOrder.has(error.code) ||
        codesOfFailedEntries.has(error.code) ||
        (error.code === 'keyring-invalid' && isLiedTo())
      if (!isExpected) throw error
      trace.add(name, `cannot enter: ${error.code}`)
    }
    await time.sleep(person.delay(500, 10_000), life)
  }
}

async function tryToEnter(options: EntryOptions, store: Store, attempt: number): Promise<Sync | undefined> {
  const { name, trace, platform, phrases, person, makesAccount, isMember, by, fail } = options
  const details = { platform, store, relay: RELAY_URL, deviceName: deviceNameOf(name), online: false }
  if (await hasAccount(store, platform)) return openAccount({ platform, store, online: false })
  if (isMember() && !options.hasLeft()) fail(`the account is gone from the disk of ${name}`)
  if (makesAccount && !phrases.exist) {
    const made = await createAccount(details)
    phrases.write(made.recoveryPhrase)
    trace.add(name, 'makes the account')
    return made.sync
  }
  const member = by === 'phrase' && person.chance(0.5) ? options.findMember() : undefined
  if (member?.sync !== undefined) {
    const how = person.chance(0.5) ? 'scan' : 'type'
    trace.add(name, `pairs with ${member.name}`)
    const sync = await pair({ newcomer: details, member: member.sync, by: how, fail }).finally(options.pairingOver)
    trace.add(name, 'joined by pairing')
    return sync
  }
  // Which of them counts, a person finds out by trying.
  const recoveryPhrase = phrases.all[attempt % phrases.all.length]
  if (recoveryPhrase === undefined) return undefined
  const join = by === 'recovery' ? recoverAccount : joinAccount
  const sync = await join({ ...details, recoveryPhrase })
  trace.add(name, by === 'recovery' ? 'recovered the account' : 'joined')
  return sync
}
