import type { PairingApproval, PairingOffer } from '@owlivion/sync/pairing'
import { useCallback, useSyncExternalStore } from 'react'

/** A pairing as either device has it: what `startPairing` answers with on the new one, and `acceptPairing` on the other. */
export type PairingSide = PairingOffer | PairingApproval

/**
 * Where a pairing stands, as it goes on. Digits and names are read from `side` itself; they come with a state.
 *
 * @example
 * import type { PairingOffer } from '@owlivion/sync/pairing'
 * function NewDevice({ offer }: { offer: PairingOffer }) {
 *   const state = usePairingState(offer)
 *   if (state === 'waiting') return <p>Type this on the other device: {offer.code}</p>
 *   if (state !== 'comparing') return null
 *   return <button onClick={() => offer.confirmDigits()}>The other screen shows {offer.digits}, too</button>
 * }
 */
export function usePairingState<Side extends PairingSide>(side: Side): Side['state'] {
  const read = () => side.state
  return useSyncExternalStore(
    useCallback((listener: () => void) => side.subscribe(listener), [side]),
    read,
    read,
  )
}
