// Two people with two devices in their hands: one shows a code, the other scans or types it, and both press where they are asked to.
import { isSyncError, type Sync } from '@owlivion/sync'
import { acceptPairing, type PairingOffer, startPairing } from '@owlivion/sync/pairing'

type PairingOptions = Parameters<typeof startPairing>[0]

export interface PairOptions {
  readonly newcomer: PairingOptions
  readonly member: Sync
  readonly by: 'scan' | 'type'
  /** Something happened that must not happen in any world. */
  readonly fail: (reason: string) => void
}

/** @throws SyncError when the pairing came to nothing; the people try something else then */
export async function pair({ newcomer, member, by, fail }: PairOptions): Promise<Sync> {
  const offer = await startPairing(newcomer)
  admit(member, offer, by, fail).catch((error: unknown) => {
    if (!isSyncError(error)) fail(`a device could not let another one in: ${String(error)}`)
    offer.cancel()
  })
  return offer.result
}

async function admit(
  member: Sync,
  offer: PairingOffer,
  by: PairOptions['by'],
  fail: PairOptions['fail'],
): Promise<void> {
  const approval = await acceptPairing(member, by === 'scan' ? offer.qrText : offer.code)
  const look = (): void => {
    if (offer.state === 'comparing' && offer.digits !== undefined && approval.digits !== undefined) {
      if (offer.digits !== approval.digits) fail('two screens show different digits at an honest relay')
      offer.confirmDigits()
    }
    if (approval.state === 'asking' || approval.state === 'comparing') approval.approve()
  }
  const ends = [offer.subscribe(look), approval.subscribe(look)]
  look()
  try {
    await approval.result
  } finally {
    for (const end of ends) end()
  }
}
