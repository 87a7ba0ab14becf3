// What other devices say of the keyring, and which of it is believed.
import type { DocumentId, Hash } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { MemoryDisk, openMemoryStore } from '../../src/storage'
import { KeyringClaims } from '../../src/sync/keyring/keyring-claims'
import { TestAccount, type TestContext } from './support/account'
import { settle } from './support/fake-platform'

const [ANN, BOB] = [0, 1]
const [here, there] = [1, 2].map((id) => new Uint8Array(16).fill(id) as DocumentId) as [DocumentId, DocumentId]
const someHash = new Uint8Array(32).fill(5) as Hash

let account: TestAccount
let context: TestContext
let disk: MemoryDisk
let reports: string[]

beforeEach(async () => {
  account = await TestAccount.create(3)
  disk = new MemoryDisk()
  reports = []
  context = await account.context(ANN, { disk })
})

const open = async (): Promise<KeyringClaims> =>
  KeyringClaims.open(
    context.store,
    context.keyringState,
    context.device,
    (batch) => context.writer.write(batch),
    ({ code }) => void reports.push(code),
  )
const bob = () => account.devices[BOB]!.id
const at = (number: number, document = here) => ({ document, number })

describe('a device that says that the keyring goes further', () => {
  it('is believed until this one has the record that it speaks of', async () => {
    const claims = await open()
    const before = account.state.length
    await account.addDevice()
    const { head, length } = account.state
    expect(claims.note(bob(), at(1), { length, hash: head })).toBe(true)
    expect(claims.isHidden).toBe(true)
    await context.keyringState.extend(before, account.records.slice(before))
    claims.keyringChanged()
    expect(claims.isHidden).toBe(false)
    expect(reports).toEqual([])
    await settle()
    expect(await openMemoryStore(disk).list(['keyring-claim'])).toEqual([])
  })

  it('is believed after a restart, too', async () => {
    const claims = await open()
    claims.note(bob(), at(1), { length: 99, hash: someHash })
    await settle()
    expect((await open()).isHidden).toBe(true)
  })

  it('is not when it is out, nor for what it said before, nor when it is this one or nobody', async () => {
    const claims = await open()
    claims.note(bob(), at(1), { length: 99, hash: someHash })
    await account.remove(ANN, [BOB])
    await context.keyringState.extend(3, account.records.slice(3))
    claims.keyringChanged()
    expect(claims.isHidden).toBe(false)
    expect(claims.note(bob(), at(9), { length: 99, hash: someHash })).toBe(false)
    expect(claims.note(context.device, at(9), { length: 99, hash: someHash })).toBe(false)
    const stranger = (await TestAccount.create(1, 78)).devices[0]!.id
    expect(claims.note(stranger, at(9), { length: 99, hash: someHash })).toBe(false)
    expect(claims.isHidden).toBe(false)
  })

  it('may take it back by what stands further on in the same log, and not by anything older or elsewhere', async () => {
    const claims = await open()
    const { head, length } = account.state
    claims.note(bob(), at(5), { length: 99, hash: someHash })
    for (const place of [at(4), at(5), at(7, there)]) {
      expect(claims.note(bob(), place, { length, hash: head })).toBe(false)
      expect(claims.isHidden).toBe(true)
    }
    claims.note(bob(), at(6), { length, hash: head })
    expect(claims.isHidden).toBe(false)
  })

  it('and further still, is believed wherever it says so', async () => {
    const claims = await open()
    claims.note(bob(), at(5), { length: 8, hash: someHash })
    expect(claims.note(bob(), at(1, there), { length: 9, hash: someHash })).toBe(true)
  })
})

describe('a device that names another record than this one has', () => {
  it('was shown another keyring, which is said once', async () => {
    const claims = await open()
    for (const number of [1, 2]) expect(claims.note(bob(), at(number), { length: 2, hash: someHash })).toBe(false)
    expect(claims.isHidden).toBe(false)
    expect(reports).toEqual(['relay-forked'])
  })

  it('is found out when this one comes as far', async () => {
    const claims = await open()
    claims.note(bob(), at(1), { length: 4, hash: someHash })
    await account.addDevice()
    await context.keyringState.extend(3, account.records.slice(3))
    claims.keyringChanged()
    expect(claims.isHidden).toBe(false)
    expect(reports).toEqual(['relay-forked'])
  })
})
