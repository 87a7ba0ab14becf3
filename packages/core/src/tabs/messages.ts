// What the tabs of one profile say to each other. Tabs may have loaded different versions of the app, so each message says which version
// it is of and which is the oldest that its sender understands; a kind that is not known is passed over. `hello` and `leader` never
// change: with them alone two versions find out that they cannot work together.
import type { PlainError } from './plain-error'

export interface MessageVersion {
  /** Of what the sender says. */
  readonly v: number
  /** The oldest that it understands. */
  readonly oldest: number
}

export const ourVersion: MessageVersion = { v: 1, oldest: 1 }

export function areCompatible(a: MessageVersion, b: MessageVersion): boolean {
  return a.v >= b.oldest && b.v >= a.oldest
}

/** One Yjs update of a document. */
export interface LiveUpdate {
  readonly root: 'registers' | 'texts'
  readonly bytes: Uint8Array
}

/** To every tab. */
export type SharedMessage =
  /** A tab looks for the leader. */
  | { readonly kind: 'hello' }
  /** The sender leads: said when it begins to, and to each `hello`, with the id of the tab that said it. */
  | { readonly kind: 'leader'; readonly to?: string }
  /** The sender leads no more. */
  | { readonly kind: 'resigned' }
  /** The account is gone from this device: wiped, or signed out. */
  | { readonly kind: 'ended' }
  /** What a document has come to, in order by `sequence`; `taken` are keys of lane rows that the leader has made its own. */
  | {
      readonly kind: 'updates'
      readonly document: string
      readonly sequence: number
      readonly updates: readonly LiveUpdate[]
      readonly taken: readonly string[]
      /** Writers that were not known before, each with the hex of its device; an earlier version of the app does not say. */
      readonly authors?: readonly (readonly [writer: string, device: string])[]
    }
  /** The document is built anew: what followers have of it is to be loaded again. */
  | { readonly kind: 'replaced'; readonly document: string; readonly sequence: number }
  | { readonly kind: 'state'; readonly state: unknown }
  | { readonly kind: 'event'; readonly event: unknown }

/** From a follower to the leader, on the follower's own channel. */
export type FollowerMessage =
  | { readonly kind: 'ping' }
  | { readonly kind: 'load'; readonly id: number; readonly name: string }
  /** There are new rows of the follower's in the store. */
  | { readonly kind: 'written'; readonly document: string }
  | { readonly kind: 'call'; readonly id: number; readonly method: string; readonly parameters: readonly unknown[] }
  /** The follower wants to lead; a leader that is in the middle of something says no. */
  | { readonly kind: 'give-lead'; readonly id: number }

/** A document as the leader has it, all of it on disk. */
export interface LoadedDocument {
  readonly document: string
  readonly sequence: number
  /** Yjs states in format 2. */
  readonly registers: Uint8Array
  readonly texts: Uint8Array
  readonly authors?: readonly (readonly [writer: string, device: string])[]
}

/** From the leader to one follower, on the follower's own channel. */
export type LeaderMessage =
  | { readonly kind: 'pong' }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly error: PlainError }

const APP = 'owlivion-sync'

type Message = SharedMessage | FollowerMessage | LeaderMessage

export type Sent<M extends Message = Message> = M & MessageVersion & { readonly app: typeof APP; readonly from: string }

export function toSend<M extends Message>(message: M, from: string, version: MessageVersion): Sent<M> {
  const sent: MessageVersion & Pick<Sent, 'app' | 'from'> = { ...version, app: APP, from }
  return { ...message, ...sent } as Sent<M>
}

/** undefined for what is none of ours */
export function readMessage<M extends Message>(data: unknown): Sent<M> | undefined {
  const { app, v, oldest, kind, from } = (data ?? {}) as Partial<Sent>
  const isOurs = app === APP && typeof v === 'number' && typeof oldest === 'number' && typeof from === 'string'
  return isOurs && typeof kind === 'string' ? (data as Sent<M>) : undefined
}
