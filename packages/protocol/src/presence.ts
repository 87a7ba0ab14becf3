// What is in the box of a `presence`: the states that a device shows of itself in a document, as `y-protocols` awareness has them. It stands
// in no log and in no chain, and nobody keeps it.
import { decodeWhole, Writer } from './codec'
import { ProtocolFailure } from './codes'
import { MAX_PRESENCE_BYTES, MAX_PRESENCE_STATES } from './limits'

/** One editor: its client id, how often its state has changed, and the state as JSON text; undefined when it is gone. */
export interface PresenceState {
  readonly client: number
  readonly clock: number
  readonly state?: string
}

export interface PresenceBody {
  /** The device's corrected clock: what is older than a minute was kept by somebody, and shows nobody. */
  readonly sealedAtMs: number
  readonly states: readonly PresenceState[]
}

const PRESENCE_VERSION = 1

export function encodePresenceBody({ sealedAtMs, states }: PresenceBody): Uint8Array {
  const writer = new Writer().byte(PRESENCE_VERSION).varUint(sealedAtMs)
  const write = ({ client, clock, state }: PresenceState): void => {
    writer
      .varUint(client)
      .varUint(clock)
      .optional(state, (json) => writer.text(json, MAX_PRESENCE_BYTES))
  }
  return writer.list(states, write, MAX_PRESENCE_STATES).finish()
}

export function decodePresenceBody(bytes: Uint8Array): PresenceBody {
  return decodeWhole(bytes, (reader) => {
    if (reader.byte() !== PRESENCE_VERSION)
      throw new ProtocolFailure('unsupported-version', 'a presence is of a version this app does not know')
    return {
      sealedAtMs: reader.varUint(),
      states: reader.list(MAX_PRESENCE_STATES, 3, () => {
        const client = reader.varUint()
        const clock = reader.varUint()
        const state = reader.optional(() => reader.text(MAX_PRESENCE_BYTES))
        return { client, clock, ...(state !== undefined && { state }) }
      }),
    }
  })
}
