// The cut of a removal, from what the relay says and what this device knows.
import type { CutEntry, DeviceId, DocumentId, Hash, SignedDocumentHead } from '@owlivion/sync-protocol'
import { encodeCut, headSigningBytes, MAX_CUT_ENTRIES } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { copyHeads, cutOf } from '../../src/sync/keyring/removal-cut'
import { TestAccount } from './support/account'
import { FakePlatform } from './support/fake-platform'

const account = await TestAccount.create(3)
const { signing } = new FakePlatform()
const [, phone, tablet] = account.devices as [unknown, (typeof account.devices)[0], (typeof account.devices)[0]]

const end = (device: DeviceId, sequence: number, document = 1, incarnation = 4): CutEntry => ({
  document: new Uint8Array(16).fill(document) as DocumentId,
  device,
  incarnation,
  sequence,
  hash: new Uint8Array(32).fill(sequence) as Hash,
})

async function signed(entry: CutEntry, by = phone): Promise<SignedDocumentHead> {
  const message = headSigningBytes(account.state.account, entry.document, entry)
  return { ...entry, signature: await signing.sign(by.signingSeed, message) }
}

const cut = async (heads: readonly SignedDocumentHead[], known: readonly CutEntry[] = [], devices = [phone.id]) =>
  (await cutOf({ signing, keyring: account.state, devices, heads, known })).cut

describe('a cut', () => {
  it('holds the ends that the device itself signed, in all documents and incarnations', async () => {
    const entries = [end(phone.id, 3), end(phone.id, 9, 1, 5), end(phone.id, 2, 7)]
    expect(await cut(await Promise.all(entries.map((entry) => signed(entry))))).toEqual(entries)
  })

  it('believes no end that the relay made up, moved on, or took from another chain', async () => {
    const head = await signed(end(phone.id, 3))
    const made: SignedDocumentHead[] = [
      { ...head, sequence: 4 },
      { ...head, hash: new Uint8Array(32) as Hash },
      { ...head, incarnation: 5 },
      { ...head, document: new Uint8Array(16).fill(9) as DocumentId },
      await signed(end(phone.id, 8), tablet),
      await signed(end(new Uint8Array(16).fill(1) as DeviceId, 8)),
    ]
    expect(await cut([head, ...made])).toEqual([end(phone.id, 3)])
  })

  it('takes the further of what the relay says and what this device has verified', async () => {
    const head = await signed(end(phone.id, 3))
    expect(await cut([head], [end(phone.id, 5)])).toEqual([end(phone.id, 5)])
    expect(await cut([head], [end(phone.id, 2)])).toEqual([end(phone.id, 3)])
    expect(await cut([], [end(phone.id, 2), end(phone.id, 1, 2)])).toHaveLength(2)
    expect(await cut([head, await signed(end(phone.id, 2))])).toEqual([end(phone.id, 3)])
  })

  it('is of those who leave and of nobody else', async () => {
    const heads = [await signed(end(phone.id, 3)), await signed(end(tablet.id, 4), tablet)]
    expect(await cut(heads, [end(tablet.id, 6)])).toEqual([end(phone.id, 3)])
    expect(await cut(heads, [end(tablet.id, 6)], [phone.id, tablet.id])).toEqual([end(tablet.id, 6), end(phone.id, 3)])
  })

  it('of a device with more chains than it can name holds the longest, and is known to be a part', async () => {
    // Signatures are another test's matter, and take their time.
    const trusting = { ...signing, verify: async () => true }
    const signature = new Uint8Array(64)
    const chains = (length: number): SignedDocumentHead[] =>
      Array.from({ length }, (_, n) => ({ ...end(phone.id, 1 + (n % 9), 1, n), signature }))
    const made = (heads: number, known: number, ofTablet: readonly CutEntry[] = []) =>
      cutOf({
        signing: trusting,
        keyring: account.state,
        devices: [phone.id, tablet.id],
        heads: chains(heads),
        known: [...chains(known), ...ofTablet],
      })
    expect((await made(MAX_CUT_ENTRIES - 1, 10)).isPartial).toBe(false)
    // The relay sends no more than this: it may have had to leave some out.
    expect((await made(MAX_CUT_ENTRIES, 0)).isPartial).toBe(true)
    const { cut, isPartial } = await made(20, 10_000, [end(tablet.id, 1)])
    expect([isPartial, cut.length]).toEqual([true, MAX_CUT_ENTRIES])
    expect(cut).toContainEqual(end(tablet.id, 1))
    const sequences = cut.filter(({ device }) => device === phone.id).map(({ sequence }) => sequence)
    expect([Math.max(...sequences), Math.min(...sequences)]).toEqual([9, 4])
    encodeCut(cut)
  })

  it('outlives the frame that it came in', async () => {
    const head = await signed(end(phone.id, 3))
    const kept = copyHeads([head])
    for (const bytes of [head.document, head.hash, head.signature]) bytes.fill(0)
    expect(await cut(kept)).toEqual([end(phone.id, 3)])
  })
})
