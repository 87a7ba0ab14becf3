// The answer to a suspension: from the moment it is sent, nothing more of the named devices is stored until it lapses, so that a
// removal can name the last thing they wrote. They may still log in, read and extend the keyring: a thief who suspends first must
// not stop the owner, and of two devices that suspend each other the first record decides.
import {
  activeDevice,
  bytesEqual,
  encodeFrame,
  type Frame,
  type KeyringState,
  SUSPEND_MS,
  suspendSigningBytes,
} from '@owlivion/sync-protocol'
import type { Asking } from './asking'
import { RelayError } from './errors'
import type { RequestContext } from './request-context'
import { deviceSigner, recoverySigner } from './suspensions'

/** @throws RelayError with the code to refuse with */
export async function suspendDevices(
  { platform, turn, audit }: RequestContext,
  { account, standing, session }: Asking,
  { devices, signature }: Extract<Frame, { type: 'suspend' }>,
): Promise<void> {
  const { head } = account.keyring as KeyringState
  const signed = suspendSigningBytes(account.id, head, devices)
  const verified = await platform.verify(standing.publicKey, signed, signature)
  const keyring = account.keyring as KeyringState
  // A signature over an earlier head does not verify, and the device cannot know better before it has read the keyring.
  if (!verified || !bytesEqual(keyring.head, head))
    throw new RelayError('keyring-conflict', 'The suspension is not signed by this device over the newest keyring.')
  if (devices.length === 0) throw new RelayError('keyring-refused', 'A suspension names at least one device.')
  if (devices.some((id) => activeDevice(keyring, id) === undefined))
    throw new RelayError('keyring-refused', 'A suspended device is an active one of the account.')
  if (standing.kind !== 'recovery' && devices.some((id) => bytesEqual(id, standing.id)))
    throw new RelayError('keyring-refused', 'A device cannot suspend itself.')
  const suspender = standing.kind === 'recovery' ? recoverySigner(standing.publicKey) : deviceSigner(standing.id)
  account.suspend(suspender, devices, SUSPEND_MS)
  const device = standing.kind === 'recovery' ? undefined : standing.id
  for (const target of devices) audit.note(account.id, 'device-suspended', { device, target, address: session.address })
  // What they had sent before is stored or refused first: the heads that are asked for next are then the last ones.
  await turn.settled()
  session.send(encodeFrame({ type: 'suspended', devices, forMs: SUSPEND_MS }))
}
