import { createHash } from 'node:crypto'
import { type Frame, type Hash, ZERO_HASH } from '@owlivion/sync-protocol'
import { expect, it } from 'vitest'
import { KeyringExchange } from '../../src/sync/keyring/keyring-exchange'

const record = new Uint8Array([1])
const answer = (from: number, length: number): Extract<Frame, { type: 'keyring' }> => ({
  ...{ type: 'keyring', from, length },
  records: Array.from({ length: length - from }, () => ({ record })),
})

it('takes the answer to an earlier question, asked twice, for no word on how far the relay’s keyring goes by now', async () => {
  let length = 3
  let stored: () => void = () => {}
  const disk = new Promise<void>((resolve) => {
    stored = resolve
  })
  const sent: Frame[] = []
  const inStep: boolean[] = []
  const exchange = new KeyringExchange({
    sha512: (bytes) => createHash('sha512').update(bytes).digest(),
    keyring: {
      get length() {
        return length
      },
      head: ZERO_HASH,
      recordAt: () => ({ record }),
      hashAt: () => ZERO_HASH,
      extend: async (from, records) => {
        await disk
        length = Math.max(length, from + records.length)
      },
      meetBranch: async () => 'ours',
      agreed: () => {},
    },
    send: (frame) => sent.push(frame),
    inStep: (isRead) => inStep.push(isRead),
    distrust: (error) => expect.unreachable(error.message),
    fail: (message) => expect.unreachable(message),
  })
  const other = new Uint8Array(32).fill(1) as Hash
  exchange.shown(4, other)
  exchange.beat()
  // The disk is full: what has come waits, and the relay has gone on meanwhile.
  const answers = [exchange.received(answer(3, 4)), exchange.received(answer(3, 4))]
  exchange.shown(5, other)
  stored()
  await Promise.all(answers)
  expect(inStep).toEqual([])
  expect(sent).toEqual([3, 3, 4].map((from) => ({ type: 'keyring-fetch', from })))
  await exchange.received(answer(4, 5))
  expect(inStep).toEqual([true])
})
