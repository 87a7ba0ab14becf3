// How a part of the server adds methods of its own: password sign-in does, and stays out of a relay that is not given it.
import type { Accounts } from '../accounts'
import { RelayError } from '../errors'
import type { RelayLog, RelayPlatform } from '../platform'
import type { RelayStore } from '../store/relay-store'
import type { CallMethods } from './registry'

/** What a service works with. */
export interface CallTools {
  readonly platform: RelayPlatform
  readonly store: RelayStore
  readonly accounts: Accounts
  readonly log: RelayLog
}

export interface CallService {
  /** Called once, when the relay is made. Names begin with the service's own word and a dot. */
  methods(tools: CallTools): CallMethods
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
