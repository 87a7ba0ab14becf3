// What a refusal of the relay means for a session: which part of it asked, and whether the connection is over by it.
import type { Refusal } from '@owlivion/sync-protocol'
import type { SyncError } from '../../errors'
import type { KeyringExchange } from '../keyring/keyring-exchange'
import type { Redial } from './redial'
import { isForGood, refusalToError } from './refusal'
import type { SessionOptions } from './session-options'
import type { SubscribeQueue } from './subscribe-queue'

export interface RefusalTargets {
  readonly options: SessionOptions
  readonly subscribes: SubscribeQueue
  readonly redial: Redial
  readonly keyringExchange: KeyringExchange | undefined
  readonly isConnecting: boolean
  saidToBeRemoved(error: SyncError): void
  /** The relay will not have this device, or not this time. */
  turnedAway(error: SyncError): void
  distrust(error: SyncError): void
}

export function routeRefusal(frame: Refusal, targets: RefusalTargets): void {
  const { options, keyringExchange, isConnecting } = targets
  const error = refusalToError(frame)
  if (frame.request === 'call') {
    options.calls?.refused(frame, error)
    if (!isForGood(frame)) return
  }
  if (frame.code === 'device-removed') {
    targets.saidToBeRemoved(error)
    return
  }
  if (isForGood(frame) || (isConnecting && !error.retryable && !frame.request.startsWith('keyring-'))) {
    targets.turnedAway(error)
    return
  }
  if (options.requests?.refused(frame, error)) return
  if (frame.request === 'presence-put') {
    options.presence?.refused(frame)
    return
  }
  if (refusedDocument(frame, error, targets)) return
  if (frame.code === 'keyring-conflict' && !keyringExchange?.hasBrought) {
    keyringExchange?.read()
    return
  }
  targets.redial.refused(error)
  // Another device may bring the relay's keyring to where this one's is welcome.
  if (frame.request === 'keyring-append' || frame.request === 'keyring-replace') targets.distrust(error)
  else options.report(error)
}

/** @returns false when it is about no document of this device */
function refusedDocument(frame: Refusal, error: SyncError, { options, subscribes }: RefusalTargets): boolean {
  const document = frame.document && options.document(frame.document)
  if (document === undefined) return false
  if (frame.request === 'subscribe') subscribes.answered(document.document)
  if (frame.request === 'seen-put') document.refusedSeen(error)
  else document.refused(frame, error)
  return true
}
