// From a `call` frame to its `answer` frame.
import { decodeCallBody, encodeCallBody, encodeFrame, type Frame } from '@owlivion/sync-protocol'
import type { Asking } from '../asking'
import { RelayError, toRefusal } from '../errors'
import type { Call, Caller, CallMethods } from './registry'

type CallFrame = Extract<Frame, { type: 'call' }>

/** What a call costs beside its frame; one that nobody answers costs as much as a cheap one. */
export function costOfCall(methods: CallMethods, frame: Frame): number {
  return frame.type === 'call' ? (methodOf(methods, frame)?.cost ?? 1) : 0
}

/**
 * @param asking undefined before the login
 * @returns the frame to send
 * @throws RelayError or ProtocolFailure with the code to refuse with
 */
export async function answerCall(
  methods: CallMethods,
  caller: Caller,
  asking: Asking | undefined,
  frame: CallFrame,
): Promise<Uint8Array> {
  const call = methodOf(methods, frame)
  if (call === undefined) throw new RelayError('unknown-call')
  const body = decodeCallBody(frame.body)
  let answer: object
  if (!call.needsLogin) answer = await call.answer(caller, body)
  else if (asking !== undefined) answer = await call.answer({ ...caller, ...asking }, body)
  else throw new RelayError('not-authenticated')
  return encodeFrame({ type: 'answer', id: frame.id, body: encodeCallBody(answer) })
}

/** Says which call was refused: the one thing by which the device tells its calls apart. */
export function toCallRefusal(frame: Frame | undefined, error: unknown): RelayError {
  const refusal = toRefusal(error)
  if (frame?.type !== 'call') return refusal
  const { code, message, retryAfterMs, cause } = refusal
  return new RelayError(code, message, { state: frame.id, cause, ...(retryAfterMs !== undefined && { retryAfterMs }) })
}

function methodOf(methods: CallMethods, { method }: CallFrame): Call | undefined {
  return Object.hasOwn(methods, method) ? methods[method] : undefined
}
