// What is asked of the relay in one frame, and what waits for its turn.
import { bytesToHex, type DocumentId, MAX_DOCUMENTS } from '@owlivion/sync-protocol'
import { expect, it } from 'vitest'
import { SubscribeQueue } from '../../src/sync/connection/subscribe-queue'
import { settle } from './support/fake-platform'

const document = (n: number): DocumentId => {
  const id = new Uint8Array(16)
  new DataView(id.buffer).setUint32(0, n)
  return id as DocumentId
}

function open() {
  const asked: string[][] = []
  const queue = new SubscribeQueue((documents) => asked.push(documents.map(bytesToHex)))
  const take = async (): Promise<string[][]> => {
    await settle()
    return asked.splice(0)
  }
  return { queue, take }
}

const hex = (...numbers: number[]): string[] => numbers.map((n) => bytesToHex(document(n)))

it('everything that asks in one turn is one question, and nothing is asked twice at once', async () => {
  const { queue, take } = open()
  for (const n of [1, 2, 1, 3]) queue.ask(document(n))
  expect(await take()).toEqual([hex(1, 2, 3)])
  queue.ask(document(2))
  expect(await take()).toEqual([])
  queue.answered(document(2))
  queue.ask(document(2))
  expect(await take()).toEqual([hex(2)])
})

it('documents that were answered empty ask again together, once all have their answers', async () => {
  const { queue, take } = open()
  for (const n of [1, 2, 3, 4]) queue.ask(document(n))
  await take()
  for (const n of [1, 2, 3]) {
    queue.answered(document(n))
    queue.askInTurn(document(n))
    expect(await take()).toEqual([])
  }
  queue.answered(document(4))
  expect(await take()).toEqual([hex(1, 2, 3)])
})

it('what lost its answer keeps the others waiting until the next heartbeat at most', async () => {
  const { queue, take } = open()
  for (const n of [1, 2]) queue.ask(document(n))
  await take()
  queue.answered(document(1))
  queue.askInTurn(document(1))
  expect(await take()).toEqual([])
  queue.askAnew()
  expect(await take()).toEqual([hex(1)])
})

it('a document that is of no interest any more is not asked about, and keeps nobody waiting', async () => {
  const { queue, take } = open()
  for (const n of [1, 2]) queue.ask(document(n))
  queue.forget(document(2))
  expect(await take()).toEqual([hex(1)])
  queue.ask(document(3))
  await take()
  queue.answered(document(1))
  queue.askInTurn(document(1))
  queue.forget(document(3))
  expect(await take()).toEqual([hex(1)])
})

it('no question names more documents than a frame may', async () => {
  const { queue, take } = open()
  for (let n = 0; n <= MAX_DOCUMENTS; n++) queue.ask(document(n))
  expect((await take()).map(({ length }) => length)).toEqual([MAX_DOCUMENTS, 1])
})
