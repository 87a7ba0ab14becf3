// The rows of the store, opened: read, and changed by compare-and-set together with what the audit log says of the change.
import type { AccountId, AuditKind } from '@owlivion/sync-protocol'
import type { AuditDetails, AuditLog } from '../audit/audit-log'
import { RelayError } from '../errors'
import type { RelayPlatform } from '../platform'
import type { RelayStore } from '../store/relay-store'
import type { SignInRow } from '../store/sign-in-store'
import type { SignInKeys } from './key-file'
import { emptySignIn, isVoid, namesOf, openSignIn, type SignIn, sealSignIn } from './sign-in-row'

/** What the audit log is told. */
export interface SignInEvent extends AuditDetails {
  readonly kind: AuditKind
}

export interface Change<T> {
  /** Left out to change nothing. */
  readonly next?: SignIn
  readonly events?: readonly SignInEvent[]
  readonly result: T
}

/** Each loss means that somebody else changed the row meanwhile. */
const MAX_RACES = 20

export class SignInRecords {
  /** Stands in for the row of a name that nobody has, so that as much is read and opened as for one that somebody has. */
  private readonly decoy: SignInRow

  constructor(
    private readonly store: RelayStore,
    private readonly platform: RelayPlatform,
    private readonly keys: SignInKeys,
    private readonly audit: AuditLog,
  ) {
    const account = platform.random(32) as AccountId
    const filler = (bytes: number) => Buffer.from(platform.random(bytes)).toString('base64url')
    const pair = { name: filler(32), registration: filler(192), box: filler(130), member: filler(16) }
    this.decoy = { account, version: 1, names: [], content: this.seal(account, { ...emptySignIn, password: pair }) }
  }

  async read(account: AccountId): Promise<SignIn> {
    const row = await this.store.signIns.read(account)
    return row === undefined ? emptySignIn : openSignIn(this.keys.sealingKey, account, row.content)
  }

  /** By an address; a name that nobody has is answered with the sign-in of nobody, which no name leads to. */
  async find(name: Uint8Array): Promise<{ readonly account: AccountId; readonly signIn: SignIn }> {
    const { account, content } = (await this.store.signIns.find(name)) ?? this.decoy
    return { account, signIn: openSignIn(this.keys.sealingKey, account, content) }
  }

  /**
   * @param decide called again when somebody else was faster; what it returns counts only when it was stored
   * @throws RelayError `email-taken`, and what `decide` throws
   */
  async change<T>(
    account: AccountId,
    decide: (signIn: SignIn, nowMs: number) => Change<T> | Promise<Change<T>>,
  ): Promise<T> {
    for (let race = 0; race < MAX_RACES; race++) {
      const row = await this.store.signIns.read(account)
      const signIn = row === undefined ? emptySignIn : openSignIn(this.keys.sealingKey, account, row.content)
      const { next, events = [], result } = await decide(signIn, this.platform.now())
      if (next === undefined && events.length === 0) return result
      const stored = await this.store.signIns.put({
        account,
        expectedVersion: row?.version ?? 0,
        ...this.content(account, next ?? signIn),
        audit: events.map(({ kind, ...details }) => this.audit.event(kind, details)),
      })
      if (stored === 'stored') return result
      if (stored === 'account-unknown') throw new RelayError(stored)
      if (stored === 'name-taken') throw new RelayError('email-taken')
    }
    throw new RelayError('storage-unavailable', 'The sign-in was changed again and again meanwhile.')
  }

  private content(
    account: AccountId,
    signIn: SignIn,
  ): { readonly names: readonly Uint8Array[]; readonly content?: Uint8Array } {
    return isVoid(signIn) ? { names: [] } : { names: namesOf(signIn), content: this.seal(account, signIn) }
  }

  private seal(account: AccountId, signIn: SignIn): Uint8Array {
    return sealSignIn(this.keys.sealingKey, this.platform.random, account, signIn)
  }
}
