// Which part of a session a frame of the relay is for.
import type { Frame, Refusal } from '@owlivion/sync-protocol'
import type { DocumentFrame } from '../document/document-part'
import type { KeyringExchange } from '../keyring/keyring-exchange'
import type { SessionOptions } from './session-options'
import type { SubscribeQueue } from './subscribe-queue'

type FrameOf<Type extends Frame['type']> = Extract<Frame, { readonly type: Type }>

export interface FrameTargets {
  readonly options: SessionOptions
  readonly subscribes: SubscribeQueue
  readonly keyringExchange: KeyringExchange | undefined
  challenged(frame: FrameOf<'challenge'>): void
  welcomed(frame: FrameOf<'welcome'>): void
  ponged(id: number): void
  refused(frame: Refusal): void
  /** The relay answered with what was asked for. */
  worked(): void
}

export function routeFrame(frame: Frame, targets: FrameTargets): void {
  const { options, subscribes, keyringExchange } = targets
  switch (frame.type) {
    case 'challenge':
      options.relayTime(frame.timeMs)
      targets.challenged(frame)
      return
    case 'welcome':
      targets.welcomed(frame)
      return
    case 'keyring':
      void keyringExchange?.received(frame)
      return
    case 'keyring-changed':
      options.requests?.received(frame)
      keyringExchange?.shown(frame.length, frame.head)
      return
    case 'page':
      targets.worked()
      if (!frame.live) subscribes.answered(frame.document)
      options.document(frame.document)?.received(frame)
      options.presence?.subscribed(frame.document)
      return
    case 'answer':
      options.calls?.answered(frame)
      return
    case 'suspended':
    case 'heads':
      options.requests?.received(frame)
      return
    case 'presence':
      options.presence?.received(frame)
      return
    case 'presence-gone':
      options.presence?.gone(frame)
      return
    case 'pong':
      options.relayTime(frame.timeMs)
      targets.ponged(frame.id)
      return
    case 'refused':
      targets.refused(frame)
      return
    case 'exempt':
      // The relay may answer a question with a snapshot; this is the last frame of it.
      if (frame.isLast) subscribes.answered(frame.document)
      options.document(frame.document)?.received(frame)
      return
    default:
      if ('document' in frame && frame.document !== undefined)
        options.document(frame.document)?.received(frame as DocumentFrame)
    // Any other is a frame of a later version of the relay: nothing that this version waits for.
  }
}
