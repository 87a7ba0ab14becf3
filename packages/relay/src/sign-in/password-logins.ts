// The two steps of OPAQUE, for whoever claims to know a password. Known and unknown addresses go the same way: the same reads,
// the same answers in form and size, the same work; only who knows the password of a real one can tell.
import { type AccountId, bytesToBase64url } from '@owlivion/sync-protocol'
import type { AuditLog } from '../audit/audit-log'
import type { Caller } from '../calls/registry'
import { RelayError } from '../errors'
import type { RelayPlatform } from '../platform'
import type { AttemptLimits } from './attempt-limits'
import type { SignInKeys } from './key-file'
import type { PasswordProtocol } from './password-protocol'
import type { SignInRecords } from './sign-in-records'
import type { PasswordPair, SignIn } from './sign-in-row'

/** What proves the password: which of the two answers it fits, and the client's last message. */
export interface PasswordProof {
  readonly slot: 0 | 1
  readonly proof: string
}

/** A login that is under way on one connection. */
interface Pending {
  readonly name: string
  /** Of nobody for an address that nobody has: of that, nothing is written down. */
  readonly account: AccountId
  readonly slots: readonly [Slot, Slot]
  readonly startedAtMs: number
  isOver: boolean
  isProven: boolean
}

interface Slot {
  readonly state: string
  readonly pair: PasswordPair | undefined
}

/** A password that was proven on this connection. */
export interface ProvenPassword {
  readonly account: AccountId
  readonly name: string
  readonly pair: PasswordPair
  /** It got what it was for; nothing is written down as a failure any more. */
  succeeded(): Promise<void>
}

export interface PasswordLoginParts {
  readonly platform: RelayPlatform
  readonly audit: AuditLog
  readonly keys: SignInKeys
  readonly protocol: PasswordProtocol
  readonly records: SignInRecords
  readonly limits: AttemptLimits
}

const MEMORY_KEY = 'sign-in'
/** Long enough to find one's phone and type a code. */
const LOGIN_MS = 300_000
/** A failure is written down when nobody can measure any more what its writing costs, which it does only for a known address. */
const WRITE_DELAY_MS = 2_000

export class PasswordLogins {
  constructor(private readonly parts: PasswordLoginParts) {}

  /** @throws RelayError `too-many-requests`, `call-refused` */
  async startByAddress(
    caller: Caller,
    email: string,
    request: string,
  ): Promise<{ readonly responses: readonly string[] }> {
    const { keys, limits, records } = this.parts
    const hash = keys.nameOf(email)
    const name = bytesToBase64url(hash)
    await limits.takeAttempt(caller.address, name)
    return this.start(caller, name, await records.find(hash), request)
  }

  /** For a device that proves the password of its own account. */
  async startOfAccount(
    caller: Caller,
    account: AccountId,
    request: string,
  ): Promise<{ readonly responses: readonly string[] }> {
    const { limits, records } = this.parts
    const signIn = await records.read(account)
    if (signIn.password === undefined) throw new RelayError('call-refused', 'The account has no password.')
    const { name } = signIn.password
    await limits.takeAttempt(caller.address, name)
    return this.start(caller, name, { account, signIn }, request)
  }

  /**
   * May be asked again with the same proof, for a code that was missing.
   * @throws RelayError `sign-in-failed`
   */
  prove(caller: Caller, { slot, proof }: PasswordProof): ProvenPassword {
    const { platform, protocol, limits } = this.parts
    const pending = caller.memory.get(MEMORY_KEY) as Pending | undefined
    if (pending === undefined || pending.isOver || platform.now() - pending.startedAtMs > LOGIN_MS)
      throw new RelayError('sign-in-failed')
    const { state, pair } = pending.slots[slot]
    if (!protocol.isProven(state, proof) || pair === undefined) {
      caller.memory.delete(MEMORY_KEY)
      this.noteFailure(pending, caller.address, WRITE_DELAY_MS)
      throw new RelayError('sign-in-failed')
    }
    pending.isProven = true
    const { account, name } = pending
    return {
      account,
      name,
      pair,
      async succeeded() {
        pending.isOver = true
        caller.memory.delete(MEMORY_KEY)
        await limits.succeeded(name)
      },
    }
  }

  private start(
    caller: Caller,
    name: string,
    { account, signIn }: { readonly account: AccountId; readonly signIn: SignIn },
    request: string,
  ): { readonly responses: readonly string[] } {
    const { keys, protocol, platform } = this.parts
    const answer = (candidate: PasswordPair | undefined) => {
      const pair = candidate?.name === name ? candidate : undefined
      const answered = protocol.answerLogin(keys.opaqueSetup, name, pair?.registration, request)
      if (answered === undefined) throw new RelayError('call-refused', 'The first message of the sign-in is malformed.')
      return { ...answered, pair }
    }
    // Two answers, always: whether a password was changed lately is nobody's business.
    const slots = [answer(signIn.password), answer(signIn.previousPassword)] as const
    const pending: Pending = {
      name,
      account,
      slots,
      startedAtMs: platform.now(),
      isOver: false,
      isProven: false,
    }
    caller.memory.set(MEMORY_KEY, pending)
    // Whoever guesses sees by the answer whether the guess was right, and says nothing more when it was not.
    this.noteFailure(pending, caller.address, LOGIN_MS)
    return { responses: slots.map(({ response }) => response) }
  }

  /** Once for each login. A relay that stops meanwhile forgets it. */
  private noteFailure(pending: Pending, address: string, delayMs: number): void {
    const { platform, audit } = this.parts
    platform.setTimer(delayMs, () => {
      if (pending.isOver) return
      pending.isOver = true
      audit.note(pending.account, 'sign-in-failed', { address, detail: pending.isProven ? 'no-code' : 'password' })
    })
  }
}
