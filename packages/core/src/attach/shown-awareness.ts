// Keeps a `y-protocols` Awareness and what others show in step. The class counts its time by a timer and a clock of its own; here both are the
// platform's, unless the app brought its own Awareness.
import type { PresenceState } from '@owlivion/sync-protocol'
import * as encoding from 'lib0/encoding'
import { Awareness, applyAwarenessUpdate, removeAwarenessStates } from 'y-protocols/awareness'
import { SyncError } from '../errors'
import type { Platform } from '../platform'
import { PRESENCE_TIMEOUT_MS, type PresenceMember } from '../sync'
import type { Y } from '../yjs'

/** How often a state is shown again, so that who comes or was away learns of it and nobody takes it for gone. */
const RENEW_MS = PRESENCE_TIMEOUT_MS / 2
const TICK_MS = RENEW_MS / 5
/** JSON text of one state. */
const MAX_STATE_CHARACTERS = 4_000

interface AwarenessChange {
  readonly added: readonly number[]
  readonly updated: readonly number[]
  readonly removed: readonly number[]
}

/** A real Awareness, whose own timer is stopped: `ShownAwareness` renews and expires its states. */
export function createAwareness(doc: Y.Doc): Awareness {
  const awareness = new Awareness(doc)
  clearInterval(awareness._checkInterval)
  return awareness
}

export interface ShownAwarenessOptions {
  readonly platform: Pick<Platform, 'now' | 'setTimer'>
  readonly awareness: Awareness
  /** Of changes that come from elsewhere. */
  readonly origin: unknown
  join(heard: (states: readonly PresenceState[]) => void): PresenceMember
  failed(error: SyncError): void
}

export class ShownAwareness {
  private member: PresenceMember | undefined
  private cancelTick: (() => void) | undefined
  private renewedAtMs = 0
  private readonly heardAtMs = new Map<number, number>()

  constructor(private readonly options: ShownAwarenessOptions) {}

  start(): void {
    if (this.member !== undefined) return
    const { awareness, join } = this.options
    awareness.on('update', this.changed)
    this.member = join((states) => this.heard(states))
    // Others may have heard that it is gone, and take no state for new that has the same clock.
    this.renew()
    this.tick()
  }

  /** This editor is gone for the others, and they are for it. */
  stop(): void {
    if (this.member === undefined) return
    const { awareness } = this.options
    this.cancelTick?.()
    awareness.off('update', this.changed)
    this.member.leave()
    this.member = undefined
    const others = [...awareness.getStates().keys()].filter((client) => client !== awareness.clientID)
    this.forget(others)
  }

  private readonly changed = ({ added, updated, removed }: AwarenessChange, origin: unknown): void => {
    if (origin === this.options.origin) return
    const { awareness } = this.options
    const clients = [...added, ...updated, ...removed].filter(
      (client) => origin !== 'timeout' || client === awareness.clientID,
    )
    if (clients.includes(awareness.clientID)) this.renewedAtMs = this.options.platform.now()
    const states = clients.flatMap((client) => this.stateOf(client) ?? [])
    if (states.length > 0) this.member?.show(states)
  }

  private stateOf(client: number): PresenceState | undefined {
    const { awareness, failed } = this.options
    const clock = awareness.meta.get(client)?.clock ?? 0
    const value = awareness.getStates().get(client)
    if (value === undefined) return { client, clock }
    const state = JSON.stringify(value)
    if (state.length <= MAX_STATE_CHARACTERS) return { client, clock, state }
    const message = `An awareness state of ${state.length} characters is over the limit of ${MAX_STATE_CHARACTERS}.`
    failed(new SyncError('invalid-value', `${message} It is not shown to the others.`))
    return undefined
  }

  private heard(states: readonly PresenceState[]): void {
    const { awareness, origin, platform } = this.options
    const others = states.filter(({ client, state }) => client !== awareness.clientID && isJson(state))
    const gone = others.flatMap(({ client, state }) => (state === undefined ? [client] : []))
    this.forget(gone)
    const shown = others.filter(({ state }) => state !== undefined)
    const encoder = encoding.createEncoder()
    encoding.writeVarUint(encoder, shown.length)
    for (const { client, clock, state } of shown) {
      encoding.writeVarUint(encoder, client)
      encoding.writeVarUint(encoder, clock)
      encoding.writeVarString(encoder, state!)
      this.heardAtMs.set(client, platform.now())
    }
    applyAwarenessUpdate(awareness, encoding.toUint8Array(encoder), origin)
  }

  /** A state that comes back after a lost connection has the clock that it had, and is to be taken all the same. */
  private forget(clients: number[]): void {
    const { awareness, origin } = this.options
    removeAwarenessStates(awareness, clients, origin)
    for (const client of clients) {
      awareness.meta.delete(client)
      this.heardAtMs.delete(client)
    }
  }

  private renew(): void {
    const { awareness, platform } = this.options
    this.renewedAtMs = platform.now()
    const state = awareness.getLocalState()
    if (state !== null) awareness.setLocalState(state)
  }

  private tick(): void {
    const { platform } = this.options
    this.cancelTick = platform.setTimer(TICK_MS, () => {
      const now = platform.now()
      if (Math.abs(now - this.renewedAtMs) >= RENEW_MS) this.renew()
      const silent = [...this.heardAtMs].flatMap(([client, atMs]) =>
        Math.abs(now - atMs) >= PRESENCE_TIMEOUT_MS ? [client] : [],
      )
      this.forget(silent)
      this.tick()
    })
  }
}

/** Whether it is an object, as bindings expect of a state. */
function isJson(state: string | undefined): boolean {
  if (state === undefined) return true
  try {
    const value: unknown = JSON.parse(state)
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}
