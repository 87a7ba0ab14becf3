// Who shows what in a document, in a tab, whoever leads: the tabs tell each other on a channel of their own, and the one that leads also tells
// the relay, and them what other devices show. Nothing of it is kept, so that a message that is lost is made good by the next.
import type { PresenceState } from '@owlivion/sync-protocol'
import type { TabChannel } from '../platform'
import { Listeners, type OnPresence, type PresenceMember, type SyncEngine } from '../sync'

type PresenceMessage =
  /** The sender wants to know who is there. */
  | { readonly kind: 'who'; readonly name: string }
  | { readonly kind: 'states'; readonly name: string; readonly states: readonly PresenceState[] }

export interface TabPresenceOptions {
  channel(received: (message: unknown) => void): TabChannel
  /** While this tab leads. */
  leading(): SyncEngine | undefined
}

interface Room {
  readonly members: Listeners<[states: readonly PresenceState[]]>
  /** What this tab shows. */
  readonly own: Map<number, PresenceState>
  /** What everybody else does. */
  readonly others: Map<number, PresenceState>
  /** Among those of the engine, while this tab leads. */
  atEngine: { readonly engine: SyncEngine; readonly member: PresenceMember } | undefined
}

const APP = 'owlivion-sync presence'

export class TabPresence {
  private readonly rooms = new Map<string, Room>()
  private readonly channel: TabChannel

  constructor(private readonly options: TabPresenceOptions) {
    this.channel = options.channel((data) => {
      const { app, ...message } = (data ?? {}) as PresenceMessage & { readonly app?: string }
      if (app === APP && typeof message.name === 'string') this.received(message as PresenceMessage)
    })
  }

  join(name: string, heard: OnPresence): PresenceMember {
    const room = this.room(name)
    const known = [...room.own.values(), ...room.others.values()]
    const clients = new Set<number>()
    const stop = room.members.add(heard)
    if (known.length > 0) heard(known)
    this.post({ kind: 'who', name })
    const show = (states: readonly PresenceState[]): void => {
      for (const state of states) {
        if (state.state === undefined) room.own.delete(state.client)
        else room.own.set(state.client, state)
        clients.add(state.client)
      }
      this.post({ kind: 'states', name, states })
      room.members.tell(states)
      this.atEngine(name, room)?.show(states)
    }
    return {
      show,
      leave: () => {
        stop()
        const left = [...room.own.values()].filter(({ client }) => clients.has(client))
        if (left.length > 0) show(left.map(without))
      },
    }
  }

  /** This tab may lead now: what is shown here goes to the relay from here. */
  bring(): void {
    if (this.options.leading() === undefined) return
    for (const [name, room] of this.rooms) {
      this.atEngine(name, room)
      this.post({ kind: 'who', name })
    }
  }

  close(): void {
    this.channel.close()
  }

  private room(name: string): Room {
    const room = this.rooms.get(name) ?? {
      ...{ members: new Listeners<[states: readonly PresenceState[]]>(), atEngine: undefined },
      ...{ own: new Map(), others: new Map() },
    }
    this.rooms.set(name, room)
    return room
  }

  private received(message: PresenceMessage): void {
    const room = this.room(message.name)
    const member = this.atEngine(message.name, room)
    if (message.kind === 'states') {
      this.heard(room, message.states)
      member?.show(message.states)
      return
    }
    // Whoever leads knows what other devices show, too.
    const states = [...room.own.values(), ...(member === undefined ? [] : room.others.values())]
    if (states.length > 0) this.post({ kind: 'states', name: message.name, states })
  }

  private heard(room: Room, states: readonly PresenceState[]): void {
    for (const state of states) {
      if (state.state === undefined) room.others.delete(state.client)
      else room.others.set(state.client, state)
    }
    room.members.tell(states)
  }

  private atEngine(name: string, room: Room): PresenceMember | undefined {
    const engine = this.options.leading()
    if (engine === undefined) {
      room.atEngine = undefined
      return undefined
    }
    if (room.atEngine?.engine === engine) return room.atEngine.member
    const member = engine.presence.join(name, (states) => {
      if (this.options.leading() !== engine) return
      this.heard(room, states)
      this.post({ kind: 'states', name, states })
    })
    room.atEngine = { engine, member }
    // The other tabs show theirs when they are asked.
    member.show([...room.own.values()])
    return member
  }

  private post(message: PresenceMessage): void {
    this.channel.post({ ...message, app: APP })
  }
}

function without({ client, clock }: PresenceState): PresenceState {
  return { client, clock }
}
