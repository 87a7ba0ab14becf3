import {
  type AccountId,
  type DeviceId,
  type DocumentId,
  ENVELOPE_VERSION,
  type EnvelopeHeader,
  type EnvelopePlace,
  envelopeKinds,
  type Hash,
  SUITE_SECRETBOX,
} from '@owlivion/sync-protocol'
import { tweetnaclSigning } from '../../src/platform'

export const { sha512 } = tweetnaclSigning

export const filled = <T extends Uint8Array>(length: number, value: number) => new Uint8Array(length).fill(value) as T
export const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
export const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))

/** Counts up from `start`: the same every time, unlike a device's source. */
export const countingRandom =
  (start = 0) =>
  (length: number) =>
    Uint8Array.from({ length }, (_, i) => (start + i) % 256)

export const key = filled(32, 1)
export const header: EnvelopeHeader = {
  version: ENVELOPE_VERSION,
  suite: SUITE_SECRETBOX,
  kind: envelopeKinds.update,
  documentEpoch: 0,
  epoch: 0,
  device: filled<DeviceId>(16, 2),
  incarnation: 7,
  sequence: 1,
}
export const place: EnvelopePlace = {
  account: filled<AccountId>(32, 3),
  document: filled<DocumentId>(16, 4),
  keyId: filled<Hash>(32, 5),
  previous: filled<Hash>(32, 0),
}
