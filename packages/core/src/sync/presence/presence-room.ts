// Who shows what in one document: the editors of this device, and those of each other device as it last said.
import { bytesToHex, type DeviceId, type DocumentId, type PresenceState } from '@owlivion/sync-protocol'
import type { OpenedPresence } from './sealed-presence'

/** Called with states that are new, or that changed; one without a state is gone. */
export type OnPresence = (states: readonly PresenceState[]) => void

/** A state that was not shown again for so long is gone: its window was closed, or its device has no network. */
export const PRESENCE_TIMEOUT_MS = 30_000
/** JSON text in one presence: with its padding it stays below what a frame may carry. */
const MAX_STATE_CHARACTERS = 4_000

interface OwnState {
  readonly state: PresenceState
  readonly member: OnPresence
  readonly atMs: number
}

interface OtherDevice {
  incarnation: number
  sequence: number
  states: ReadonlyMap<number, PresenceState>
}

export class PresenceRoom {
  readonly members = new Set<OnPresence>()
  lastSentMs = Number.NEGATIVE_INFINITY
  /** The relay asked not to be told before. */
  waitUntilMs = Number.NEGATIVE_INFINITY
  cancelTimer: (() => void) | undefined
  private readonly own = new Map<number, OwnState>()
  private readonly others = new Map<string, OtherDevice>()

  constructor(readonly document: DocumentId) {}

  show(member: OnPresence, states: readonly PresenceState[], atMs: number): void {
    for (const state of states) {
      this.own.delete(state.client)
      this.own.set(state.client, { state, member, atMs })
    }
    this.tell(states, member)
  }

  /** What `member` showed is gone. @returns whether anything was */
  leave(member: OnPresence, atMs: number): boolean {
    this.members.delete(member)
    const gone: PresenceState[] = []
    for (const each of this.own.values())
      if (each.member === member && each.state.state !== undefined) gone.push(without(each.state))
    if (gone.length > 0) this.show(member, gone, atMs)
    return gone.length > 0
  }

  /** Everybody that is here, for one who comes. */
  known(): PresenceState[] {
    const own = [...this.own.values()].filter(({ state }) => state.state !== undefined)
    return [
      ...own.map(({ state }) => state),
      ...[...this.others.values()].flatMap(({ states }) => [...states.values()]),
    ]
  }

  /** All that this device shows, the newest first, as much of it as goes into one presence. */
  toSend(nowMs: number, maxStates: number): PresenceState[] {
    for (const [client, { atMs }] of this.own)
      if (Math.abs(nowMs - atMs) >= PRESENCE_TIMEOUT_MS) this.own.delete(client)
    let room = MAX_STATE_CHARACTERS
    const newest = [...this.own.values()].reverse().map(({ state }) => state)
    return newest.slice(0, maxStates).filter(({ state = '' }) => {
      room -= state.length
      return room >= 0
    })
  }

  /** @returns true when there is an editor in it that was not known: it does not know this device's either */
  received({ device, incarnation, sequence, states }: OpenedPresence): boolean {
    const key = bytesToHex(device)
    const before = this.others.get(key)
    // One that was held back on the way.
    if (before?.incarnation === incarnation && sequence <= before.sequence) return false
    const next = new Map(states.filter(({ state }) => state !== undefined).map((state) => [state.client, state]))
    const isNew = [...next.keys()].some((client) => !before?.states.has(client))
    const named = new Set(states.map(({ client }) => client))
    const missing = [...(before?.states.values() ?? [])].filter(({ client }) => !named.has(client))
    this.others.set(key, { incarnation, sequence, states: next })
    this.tell([...states, ...missing.map(without)])
    return isNew
  }

  gone(device: DeviceId): void {
    const key = bytesToHex(device)
    const other = this.others.get(key)
    if (other === undefined) return
    this.tell([...other.states.values()].map(without))
    this.others.set(key, { ...other, states: new Map() })
  }

  /** Nobody else can be heard. */
  disconnected(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
    const states = [...this.others.values()].flatMap((other) => [...other.states.values()])
    this.others.clear()
    this.tell(states.map(without))
  }

  private tell(states: readonly PresenceState[], but?: OnPresence): void {
    if (states.length > 0) for (const member of [...this.members]) if (member !== but) member(states)
  }
}

function without({ client, clock }: PresenceState): PresenceState {
  return { client, clock }
}
