// The bench goes on when a process of an engine does not.
import { expect, test } from 'vitest'
import { startChild } from '../src/processes/child'

type Stubborn = { hang(): void; wait(): void; fall(): void }

const start = (callTimeoutMs?: number) =>
  startChild<Stubborn>({
    file: new URL('stubborn-process.ts', import.meta.url),
    what: 'peer writer',
    args: [],
    callTimeoutMs,
  })

test('a call that takes longer than its engine may take fails by the name of its process', {
  timeout: 20_000,
}, async () => {
  const child = start(300)
  await expect(child.call('wait')).rejects.toThrow('peer writer, wait: no answer in 0.3 s')
  await child.end()
})

test('a process that hangs is killed at the end', { timeout: 20_000 }, async () => {
  const child = start(2_000)
  await expect(child.call('hang')).rejects.toThrow('no answer')
  await child.end(100)
  expect(child.residentBytes).toBeUndefined()
})

test('a call to a process that is gone fails at once', { timeout: 20_000 }, async () => {
  const child = start()
  await expect(child.call('fall')).rejects.toThrow('the process has ended')
  await expect(child.call('wait')).rejects.toThrow('peer writer, wait:')
})
