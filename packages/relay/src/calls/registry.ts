// What a call is to the relay: a method, the form of its body, and what answers it. Who may call is said with the method, so
// that a handler never has to ask.
import type { z } from 'zod'
import type { Asking, Requester } from '../asking'
import { RelayError } from '../errors'
import type { Standing } from '../login'

/** A connection that asks, whether it has logged in or not. */
export interface Caller {
  /** Where the connection came from; empty when the relay does not know. Never to be stored as it is: `audit` leaves it out where it must. */
  readonly address: string
  /** What a step of this connection left for the next one; goes with the connection. */
  readonly memory: Map<string, unknown>
}

/** A connection that has logged in. */
export interface MemberCaller extends Caller, Asking {
  readonly session: Requester
}

export type Call = {
  /** Tokens of the connection's bucket (5,000 a second, 20,000 at once by default), as a bound for what a call may cost. */
  readonly cost: number
} & (
  | { readonly needsLogin: true; answer(caller: MemberCaller, body: unknown): Promise<object> }
  | { readonly needsLogin: false; answer(caller: Caller, body: unknown): Promise<object> }
)

/** Methods by name. */
export type CallMethods = Readonly<Record<string, Call>>

interface CallOptions {
  readonly cost?: number
}

interface MemberCallOptions extends CallOptions {
  /** Which logins may call; left out, devices that may sync. */
  readonly isAllowed?: (standing: Standing) => boolean
}

/** What a call costs that says nothing else: 50 a second, 200 at once. */
const DEFAULT_COST = 100

function maySync(standing: Standing): boolean {
  return standing.kind === 'device' && standing.mayPush
}

/**
 * A method for connections that have logged in.
 * @param body what the JSON must be; anything else is refused before `answer` is called
 * @param answer throws RelayError with the code to refuse with
 */
export function memberCall<S extends z.ZodType>(
  body: S,
  answer: (caller: MemberCaller, body: z.output<S>) => Promise<object>,
  { cost = DEFAULT_COST, isAllowed = maySync }: MemberCallOptions = {},
): Call {
  return {
    needsLogin: true,
    cost,
    async answer(caller, unread) {
      if (!isAllowed(caller.standing)) throw refusalFor(caller.standing)
      return answer(caller, readBody(body, unread))
    },
  }
}

/** A method that needs no login; the same method may be called after one. */
export function openCall<S extends z.ZodType>(
  body: S,
  answer: (caller: Caller, body: z.output<S>) => Promise<object>,
  { cost = DEFAULT_COST }: CallOptions = {},
): Call {
  return { needsLogin: false, cost, answer: async (caller, unread) => answer(caller, readBody(body, unread)) }
}

function refusalFor(standing: Standing): RelayError {
  if (standing.kind === 'newcomer') return new RelayError('account-unknown')
  if (standing.kind === 'removed') return new RelayError('device-removed')
  return new RelayError('call-refused', 'This login may not ask for this.')
}

function readBody<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const [issue] = result.error.issues
  // The path and the rule, never the value: it may be a secret.
  throw new RelayError('call-refused', `The field "${issue?.path.join('.') ?? ''}" of the call is not as it must be.`)
}
