// How a part of the server adds methods of its own: password sign-in does, and stays out of a relay that is not given it.
import type { Accounts } from '../accounts'
import type { AuditLog } from '../audit/audit-log'
import type { SignIns } from '../audit/sign-ins'
import { RelayError } from '../errors'
import type { RelayLog, RelayPlatform } from '../platform'
import type { RelayStore } from '../store/relay-store'
import type { CallMethods, MemberCaller } from './registry'

/** What a service works with. */
export interface CallTools {
  readonly platform: RelayPlatform
  readonly store: RelayStore
  readonly accounts: Accounts
  readonly audit: AuditLog
  readonly signIns: SignIns
  readonly log: RelayLog
}

export interface CallService {
  /** Called once, when the relay is made. Names begin with the service's own word and a dot. */
  methods(tools: CallTools): CallMethods
  /**
   * Whether this proof lets the account be deleted, in the place of the recovery key's signature.
   * @throws RelayError with the code to refuse with
   */
  mayDelete?(caller: MemberCaller, proof: Readonly<Record<string, unknown>>): Promise<boolean>
}

export function collectMethods(services: readonly CallService[], tools: CallTools): CallMethods {
  const methods: Record<string, CallMethods[string]> = {}
  for (const service of services) {
    for (const [name, call] of Object.entries(service.methods(tools))) {
      if (Object.hasOwn(methods, name)) throw new RelayError('invalid-option', `Two services answer ${name}.`)
      methods[name] = call
    }
  }
  return methods
}
