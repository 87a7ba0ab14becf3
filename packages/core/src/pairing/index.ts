/**
 * Letting a new device into an account by a device that is in it: with a code that one screen shows and the other device scans or a
 * person types.
 * @module
 */
export {
  acceptPairing,
  type PairingApproval,
  type PairingApprovalState,
  type PairingNewcomer,
} from './accept-pairing'
export { type PairingOffer, type PairingOfferState, startPairing } from './start-pairing'
