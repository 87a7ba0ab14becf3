// Who may read and write an account: the recovery phrase, the keys of devices, and the keyring that says which of them count.
export { appendRecord } from './append-record'
export { type DeviceInfo, fitDeviceInfo, openDeviceInfo, sealDeviceInfo } from './device-info'
export { createDeviceKeys, type DeviceKeys, decodeDeviceKeys, encodeDeviceKeys } from './device-keys'
export { createAdd, createGenesis } from './entry-records'
export { type Member, openEpochKeys, openKnownEpochKeys, openNewestEpochKey, wholeEpochs } from './epoch-keys'
export { createReissue, createRekey, createRequest, createVeto } from './key-records'
export {
  createRecoveryPhrase,
  ENTROPY_BYTES,
  normalizeWord,
  PHRASE_WORDS,
  parseRecoveryPhrase,
  phraseText,
  proveRecovery,
  type RecoveryKeys,
  recoveryKeysOf,
} from './recovery-phrase'
export { createLeave, createRecover, createRemove } from './removal-records'
