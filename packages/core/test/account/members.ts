// An account with three devices, for tests of the records that change it.
import type { CutEntry, DeviceId, DocumentId, Hash, KeyringState } from '@owlivion/sync-protocol'
import { expect } from 'vitest'
import {
  appendRecord,
  createAdd,
  createDeviceKeys,
  createGenesis,
  type DeviceKeys,
  type Member,
  openEpochKeys,
  type RecoveryKeys,
  recoveryKeysOf,
} from '../../src/account'
import { nodePlatform } from '../../src/platform/node'

export const platform = nodePlatform()
const { signing, random } = platform
export const info = { name: 'Ann’s laptop', platform: 'Node', addedAtMs: 1_700_000_000_000 }

export const newDevice = (): DeviceKeys => createDeviceKeys(random, signing)
export const newRecovery = (): RecoveryKeys => recoveryKeysOf(random(32))
export const append = (state: KeyringState | undefined, record: Uint8Array): Promise<KeyringState> =>
  appendRecord(signing, state, record)
/** Positions of the epochs whose keys open to this member. */
export const positions = (state: KeyringState, member: Member): number[] =>
  [...openEpochKeys(state, member).keys()].sort((a, b) => a - b)
export const failing = (code: string): unknown => expect.objectContaining({ name: 'SyncError', code })

export const chainEnd = (device: DeviceId, document = 1, sequence = 9): CutEntry => ({
  document: new Uint8Array(16).fill(document) as DocumentId,
  device,
  incarnation: 5,
  sequence,
  hash: new Uint8Array(32).fill(2) as Hash,
})

export interface ThreeDevices {
  readonly recovery: RecoveryKeys
  readonly laptop: DeviceKeys
  readonly phone: DeviceKeys
  readonly tablet: DeviceKeys
  readonly state: KeyringState
}

export async function threeDevices(): Promise<ThreeDevices> {
  const recovery = newRecovery()
  const [laptop, phone, tablet] = [newDevice(), newDevice(), newDevice()]
  let state = await append(undefined, await createGenesis(platform, { recovery, device: laptop, info }))
  for (const device of [phone, tablet])
    state = await append(state, await createAdd(platform, state, { signer: recovery, device, info }))
  return { recovery, laptop, phone, tablet, state }
}
