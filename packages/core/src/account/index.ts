// Who may read and write an account: the recovery phrase, the keys of devices, and the keyring that says which of them count.
export { type DeviceInfo, openDeviceInfo, sealDeviceInfo } from './device-info'
export { createDeviceKeys, type DeviceKeys, decodeDeviceKeys, encodeDeviceKeys } from './device-keys'
export { type Member, openEpochKeys, openNewestEpochKey } from './epoch-keys'
export {
  appendRecord,
  createAdd,
  createGenesis,
  createRecover,
} from './keyring'
export {
  createRecoveryPhrase,
  parseRecoveryPhrase,
  type RecoveryKeys,
  recoveryKeysOf,
} from './recovery-phrase'
