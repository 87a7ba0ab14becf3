// A device's own keyring: what it takes in, what it does not take in yet, and what it keeps of a branch that it gives up.
import { accountIdOf, chooseBranch, REISSUE_WAIT_MS } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  appendRecord,
  createReissue,
  createRekey,
  createRequest,
  createVeto,
  type DeviceKeys,
  proveRecovery,
  recoveryKeysOf,
} from '../../src/account'
import { MemoryDisk } from '../../src/storage'
import { decodeKeyringRow, type KeyringRow } from '../../src/sync/account/profile'
import { AccountKeyring } from '../../src/sync/keyring/account-keyring'
import { readLostKeys, readLostRecords } from '../../src/sync/keyring/lost-branch'
import { decodeChecked, keyringCheckedKey } from '../../src/sync/keyring/reissue-wait'
import { TestAccount, type TestContext } from './support/account'
import { FakePlatform } from './support/fake-platform'

const [ANN, BOB, EVE] = [0, 1, 2]
const HOUR_MS = 3_600_000

let account: TestAccount
let context: TestContext
let disk: MemoryDisk

const keys = (index: number): DeviceKeys => account.devices[index] as DeviceKeys

beforeEach(async () => {
  account = await TestAccount.create(3)
  disk = new MemoryDisk()
  context = await account.context(ANN, { disk })
})

/** Rows that follow the account's keyring, one after the other. */
async function chain(...make: ((state: TestAccount['state']) => Promise<Uint8Array>)[]): Promise<KeyringRow[]> {
  const rows: KeyringRow[] = []
  let { state } = account
  for (const each of make) {
    const record = await each(state)
    state = await appendRecord(context.platform.signing, state, record)
    rows.push({ record })
  }
  return rows
}

/** The same device in its next life. */
async function again(platform = context.platform): Promise<AccountKeyring> {
  const { store } = context
  const rows = (await store.list(['keyring'])).map(
    ([key, bytes]) => [key[1] as number, decodeKeyringRow(bytes)] as const,
  )
  const first = account.records.map((row, i) => [i, row] as const)
  const records = [...new Map([...first, ...rows]).values()]
  const checked = await store.get(keyringCheckedKey)
  return AccountKeyring.open(
    platform,
    { id: keys(ANN).id, keys: keys(ANN) },
    records,
    (batch) => context.writer.write(batch),
    {
      lostKeys: await readLostKeys(store),
      lostRecords: await readLostRecords(store),
      checked: checked === undefined ? [] : decodeChecked(checked),
    },
  )
}

describe('a new recovery phrase by the word of one device', () => {
  const { random } = new FakePlatform(99)
  const next = recoveryKeysOf(random(32))
  const request = (by: number) => async (state: TestAccount['state']) =>
    createRequest(context.platform, state, {
      device: keys(by),
      next: await proveRecovery(
        context.platform.signing,
        accountIdOf(context.platform.signing.sha512, account.recovery.signing),
        next,
      ),
    })
  const reissue = (by: number) => (state: TestAccount['state']) =>
    createReissue(context.platform, state, { signer: keys(by) })
  const veto = (by: number) => (state: TestAccount['state']) =>
    createVeto(context.platform, state, { signer: keys(by) })

  it('is not taken in before this device has counted a week, whatever the relay shows', async () => {
    const { keyringState, platform } = context
    keyringState.agreed()
    const rows = await chain(request(EVE), reissue(EVE))
    await expect(keyringState.extend(3, rows)).rejects.toMatchObject({ code: 'reissue-early' })
    // What comes before it is.
    expect(keyringState.state.reissueRequest?.position).toBe(3)
    keyringState.agreed()
    platform.timeMs += REISSUE_WAIT_MS - HOUR_MS - 1
    await expect(keyringState.extend(4, rows.slice(1))).rejects.toMatchObject({ code: 'reissue-early' })
    await expect((await again()).extend(4, rows.slice(1))).rejects.toMatchObject({ code: 'reissue-early' })
    platform.timeMs += 1
    await keyringState.extend(4, rows.slice(1))
    expect(keyringState.state.recovery.signing).toEqual(next.signing)
  })

  it('is taken in a week after a device first met it that had never seen another keyring, however often it looks', async () => {
    const { keyringState, platform } = context
    const rows = await chain(request(EVE), reissue(EVE))
    await expect(keyringState.extend(3, rows)).rejects.toMatchObject({ code: 'reissue-early' })
    platform.timeMs += REISSUE_WAIT_MS - HOUR_MS - 1
    await expect(keyringState.extend(4, rows.slice(1))).rejects.toMatchObject({ code: 'reissue-early' })
    await expect((await again()).extend(4, rows.slice(1))).rejects.toMatchObject({ code: 'reissue-early' })
    platform.timeMs += 1
    await keyringState.extend(4, rows.slice(1))
    expect(keyringState.state.recovery.signing).toEqual(next.signing)
  })

  it('is taken in at once by a device that was away for the week', async () => {
    const { keyringState, platform } = context
    keyringState.agreed()
    platform.timeMs += REISSUE_WAIT_MS
    await keyringState.extend(3, await chain(request(EVE), reissue(EVE)))
    expect(keyringState.state.recovery.signing).toEqual(next.signing)
  })

  it('is taken in at once when a device grants it that was there when this one came, and not when it came later', async () => {
    const { keyringState } = context
    keyringState.agreed()
    await keyringState.extend(3, await chain(request(EVE), reissue(BOB)))
    expect(keyringState.state.recovery.signing).toEqual(next.signing)

    account = await TestAccount.create(2)
    context = await account.context(ANN, { disk: new MemoryDisk() })
    context.keyringState.agreed()
    await account.addDevice()
    const rows = await chain(request(BOB), reissue(EVE))
    await expect(context.keyringState.extend(2, [...account.records.slice(2), ...rows])).rejects.toMatchObject({
      code: 'reissue-early',
    })
    expect(context.keyringState.length).toBe(4)
  })

  it('counts its week anew after a veto and another request', async () => {
    const { keyringState, platform } = context
    keyringState.agreed()
    await keyringState.extend(3, await chain(request(EVE)))
    keyringState.agreed()
    platform.timeMs += REISSUE_WAIT_MS
    const rows = await chain(request(EVE), veto(BOB), request(EVE), reissue(EVE))
    await keyringState.extend(4, rows.slice(1, 2))
    keyringState.agreed()
    await expect(keyringState.extend(5, rows.slice(2))).rejects.toMatchObject({ code: 'reissue-early' })
  })

  it('wins no branch before its week is over', async () => {
    const { keyringState } = context
    keyringState.agreed()
    const ours = await chain((state) => createRekey(context.platform, state, { signer: keys(ANN) }))
    await keyringState.extend(3, ours)
    const theirs = await chain(request(EVE), reissue(EVE))
    const choice = await keyringState.meetBranch(3, theirs)
    expect(keyringState.state.recovery.signing).toEqual(account.recovery.signing)
    expect(keyringState.length).toBe(4)
    expect(['ours', 'theirs']).toContain(choice)
  })
})

describe('a branch that is given up', () => {
  /** Two key changes, of which the first one wins. */
  async function parted() {
    for (;;) {
      const [ours] = await chain((state) => createRekey(context.platform, state, { signer: keys(ANN) }))
      const theirs = await chain(
        (state) => createRekey(context.platform, state, { signer: keys(BOB) }),
        (state) => createRekey(context.platform, state, { signer: keys(BOB) }),
      )
      const { sha512 } = context.platform.signing
      if (
        chooseBranch(
          sha512,
          [ours!.record],
          theirs.map(({ record }) => record),
        ) === 'theirs'
      )
        return { ours, theirs }
    }
  }

  it('leaves its keys for what is stored, and what this device had wished for, also over a restart', async () => {
    const { keyringState } = context
    const { ours, theirs } = await parted()
    await keyringState.extend(3, [ours!])
    const document = new Uint8Array(16).fill(1) as Parameters<AccountKeyring['keyAt']>[0]
    const key = keyringState.keyAt(document, 3)
    const { keyId } = keyringState.newestKey(document)
    const changes: unknown[] = []
    keyringState.changes.add((change) => changes.push(change))
    expect(await keyringState.meetBranch(3, theirs)).toBe('theirs')
    expect(changes).toEqual([{ isOther: true }])
    for (const keyring of [keyringState, await again()]) {
      expect(keyring.length).toBe(5)
      expect(keyring.keyAt(document, 3)).not.toEqual(key)
      expect(keyring.lostKeysAt(document, 3)).toEqual([{ keyId, key }])
      expect(keyring.lostKeysAt(document, 0)).toEqual([])
      expect(keyring.lostRecords.map(({ record }) => record)).toEqual([ours!.record])
    }
    await keyringState.forgetLostRecords()
    expect((await again()).lostRecords).toEqual([])
    expect((await again()).hasLostKeys).toBe(true)
  })

  it('may be the longer one: what is beyond the other goes from the disk', async () => {
    const { keyringState } = context
    const { ours, theirs } = await parted()
    await keyringState.extend(3, theirs)
    expect(await keyringState.meetBranch(3, [ours!])).toBe('ours')
    account = await TestAccount.create(3, 80)
    context = await account.context(ANN, { disk: new MemoryDisk() })
    const removal = await TestAccount.create(1, 81)
    expect(removal.records.length).toBe(1)
    const long = await chain(
      (state) => createRekey(context.platform, state, { signer: keys(EVE) }),
      (state) => createRekey(context.platform, state, { signer: keys(ANN) }),
      (state) => createRekey(context.platform, state, { signer: keys(ANN) }),
    )
    await context.keyringState.extend(3, long)
    await account.remove(BOB, [EVE])
    expect(await context.keyringState.meetBranch(3, account.records.slice(3))).toBe('theirs')
    expect((await context.store.list(['keyring'])).map(([key]) => key[1])).toEqual([3])
    expect((await again()).length).toBe(4)
    expect(context.keyringState.lostRecords.length).toBe(2)
  })

  it('that is altered, or not signed by a member, is not met at all', async () => {
    const { keyringState } = context
    const { ours, theirs } = await parted()
    await keyringState.extend(3, [ours!])
    const altered = theirs[0]!.record.map((byte, i, { length }) => (i === length - 1 ? byte ^ 1 : byte))
    await expect(keyringState.meetBranch(3, [{ record: altered }])).rejects.toMatchObject({ code: 'keyring-invalid' })
    await expect(keyringState.meetBranch(2, theirs)).rejects.toMatchObject({ code: 'keyring-conflict' })
    await expect(keyringState.meetBranch(0, theirs)).rejects.toMatchObject({ code: 'relay-forked' })
    expect(keyringState.recordAt(3).record).toEqual(ours!.record)
  })
})
