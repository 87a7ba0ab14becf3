// What a logged-in connection may ask, and what is done about it. A request either answers, or throws what to refuse it with.
import {
  type DeviceId,
  encodeFrame,
  type Frame,
  type FrameType,
  headSigningBytes,
  type KeyringState,
} from '@owlivion/sync-protocol'
import type { Asking } from './asking'
import { RelayError } from './errors'
import { encodeHeads } from './heads'
import { appendKeyring, readKeyring } from './keyring'
import { replaceKeyring } from './keyring-replace'
import { answerLease } from './lease-request'
import type { Standing } from './login'
import { assertNotSuspended } from './not-suspended'
import { readPush } from './push'
import { answerHashes, takeRefill } from './refill'
import type { RequestContext } from './request-context'
import { readSeenPut } from './seen'
import { answerSubscribe } from './subscribe'
import { suspendDevices } from './suspend'
import { takePresence } from './take-presence'

type FrameOf<T extends FrameType> = Extract<Frame, { type: T }>

const allowedFrames: { readonly [K in Standing['kind']]: ReadonlySet<FrameType> } = {
  device: new Set<FrameType>([
    'keyring-fetch',
    'keyring-append',
    'keyring-replace',
    'suspend',
    'subscribe',
    'unsubscribe',
    'push',
    'heads-fetch',
    'seen-put',
    'presence-put',
    'snapshot-put',
    'snapshot-fetch',
    'snapshot-verdict',
    'lease',
    'refill',
    'hashes-fetch',
    'ping',
  ]),
  recovery: new Set<FrameType>([
    'keyring-fetch',
    'keyring-append',
    'keyring-replace',
    'suspend',
    'heads-fetch',
    'ping',
  ]),
  newcomer: new Set<FrameType>(['keyring-append', 'keyring-replace', 'ping']),
  removed: new Set<FrameType>(['keyring-fetch', 'keyring-replace']),
}
/** A sign-in key is a member that may only add a device. */
const allowedForSignIn = new Set<FrameType>(['keyring-fetch', 'keyring-append', 'heads-fetch', 'ping'])

/** @throws RelayError or ProtocolFailure with the code to refuse with */
export async function answerRequest(context: RequestContext, asking: Asking, frame: Frame): Promise<void> {
  const { platform, store, turn, snapshots } = context
  const { account, standing, session } = asking
  assertAllowed(asking, frame)
  switch (frame.type) {
    case 'ping':
      return session.send(encodeFrame({ type: 'pong', id: frame.id, timeMs: platform.now() }))
    case 'keyring-fetch':
      return session.send(await readKeyring(store, account, standing, frame.from))
    case 'keyring-append':
      // What the device pushed before goes before: a new key would make it stale.
      await turn.settled()
      return appendKeyring(context, asking, frame)
    case 'keyring-replace':
      return replaceKeyring(context, asking, frame)
    case 'suspend':
      return suspendDevices(context, asking, frame)
    case 'heads-fetch':
      await turn.settled()
      return session.send(encodeHeads(await store.readHeads(account.id, frame.devices)))
    case 'unsubscribe':
      for (const document of frame.documents) {
        account.feed.unfollow(document, session)
        snapshots.unfollowed(asking, document)
      }
      return
  }
  if (standing.kind !== 'device') return
  switch (frame.type) {
    case 'subscribe':
      return answerSubscribe({ ...context, asking, device: standing.id }, frame.cursors)
    case 'push':
      return takePush(context, asking, standing, frame)
    case 'snapshot-put':
      return snapshots.put(asking, standing, frame)
    case 'snapshot-fetch':
      return snapshots.fetch(asking, frame)
    case 'snapshot-verdict':
      return snapshots.judge(asking, standing, frame)
    case 'lease':
      return answerLease(context, asking, frame)
    case 'hashes-fetch':
      return answerHashes(context, asking, frame)
    case 'refill':
      return takeRefill(context, asking, frame)
    case 'presence-put':
      return takePresence(context.limits, asking, standing.id, frame)
    case 'seen-put': {
      const row = await readSeenPut(platform, account.keyring as KeyringState, standing, frame)
      assertNotSuspended(asking, frame.document)
      session.queued(row.envelope.length)
      return turn.putSeen(account, session, row)
    }
  }
}

function assertAllowed({ account, standing }: Asking, frame: Frame): void {
  if (!allowedFrames.device.has(frame.type))
    throw new RelayError('malformed-frame', 'A device does not send frames of this type now.')
  // Of an account that it does not open it may only show that it belongs to it.
  const mayOnlyReturn = standing.kind === 'newcomer' && account.keyring !== undefined
  const isAllowed = mayOnlyReturn ? frame.type === 'keyring-replace' : allowedFrames[standing.kind].has(frame.type)
  if (isAllowed && (standing.kind !== 'device' || standing.mayPush || allowedForSignIn.has(frame.type))) return
  if (standing.kind === 'removed') throw new RelayError('device-removed')
  if (mayOnlyReturn) throw new RelayError('device-unknown')
  throw standing.kind === 'newcomer' ? new RelayError('account-unknown') : new RelayError('not-authenticated')
}

async function takePush(
  { platform, turn }: RequestContext,
  asking: Asking,
  { id: device, publicKey }: { readonly id: DeviceId; readonly publicKey: Uint8Array },
  frame: FrameOf<'push'>,
): Promise<void> {
  const { account, session } = asking
  const push = readPush(platform.sha512, frame, device)
  const { document, incarnation, last: sequence, headHash: hash, signature } = push
  const signed = headSigningBytes(account.id, document, { device, incarnation, sequence, hash })
  if (!(await platform.verify(publicKey, signed, signature)))
    throw new RelayError('bad-signature', 'The signed end of the chain does not verify.', { document })
  // In the same breath as the push is queued: what is queued before a suspension, the suspension waits for.
  assertNotSuspended(asking, document)
  session.queued(push.sizeBytes)
  turn.push(account, session, push)
}
