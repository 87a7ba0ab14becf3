// Account calls over a connection: many at once, each with its own answer, and none that waits for ever.
import { encodeCallBody, type Frame } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { SyncError } from '../../src/errors'
import { AccountCalls } from '../../src/sync/account/account-calls'
import { FakePlatform } from './support/fake-platform'

type CallFrame = Extract<Frame, { type: 'call' }>

function connect() {
  const platform = new FakePlatform()
  const calls = new AccountCalls(platform)
  const sent: CallFrame[] = []
  calls.connected((frame) => sent.push(frame as CallFrame))
  const answer = (index: number, body: object) =>
    calls.answered({ type: 'answer', id: (sent[index] as CallFrame).id, body: encodeCallBody(body) })
  const refuse = (index: number, code: 'call-refused' | 'too-many-requests') =>
    calls.refused(
      {
        type: 'refused',
        request: 'call',
        code,
        retryable: false,
        message: 'No.',
        state: (sent[index] as CallFrame).id,
      },
      new SyncError(code, 'No.'),
    )
  return { platform, calls, sent, answer, refuse }
}

const outcomeOf = (asked: Promise<object>) => asked.catch((error: SyncError) => error.code)

describe('account calls', () => {
  it('are answered and refused by their ids, in any order', async () => {
    const { platform, calls, sent, answer, refuse } = connect()
    const asked = ['a', 'b', 'c'].map((method) => outcomeOf(calls.ask(method, { method })))
    expect(sent.map(({ method, body }) => [method, new TextDecoder().decode(body)])).toEqual([
      ['a', '{"method":"a"}'],
      ['b', '{"method":"b"}'],
      ['c', '{"method":"c"}'],
    ])
    answer(2, { of: 'c' })
    refuse(0, 'too-many-requests')
    answer(1, { of: 'b' })
    expect(await Promise.all(asked)).toEqual(['too-many-requests', { of: 'b' }, { of: 'c' }])
    expect(platform.timers).toEqual([])
  })

  it('end when nothing comes in time, and what comes later is nobody’s', async () => {
    const { platform, calls, answer } = connect()
    const asked = outcomeOf(calls.ask('a', {}))
    await platform.advance(30_000)
    expect(await asked).toBe('relay-unreachable')
    answer(0, { late: true })
    const next = calls.ask('b', {})
    answer(1, {})
    expect(await next).toEqual({})
  })

  it('end with the connection, and with the reason when the relay gave one', async () => {
    const lost = connect()
    const waiting = outcomeOf(lost.calls.ask('a', {}))
    lost.calls.disconnected(undefined)
    expect([await waiting, await outcomeOf(lost.calls.ask('a', {}))]).toEqual(['connection-lost', 'connection-lost'])
    const ended = connect()
    const asked = outcomeOf(ended.calls.ask('a', {}))
    ended.calls.disconnected(new SyncError('account-deleted', 'It is gone.'))
    expect(await asked).toBe('account-deleted')
    expect([lost.platform.timers, ended.platform.timers]).toEqual([[], []])
  })

  it('with an answer that is no JSON object are refused as a relay’s mistake', async () => {
    const { calls, sent } = connect()
    for (const text of ['', '[]', 'null', '{', '"text"']) {
      const asked = outcomeOf(calls.ask('a', {}))
      const { id } = sent[sent.length - 1] as CallFrame
      calls.answered({ type: 'answer', id, body: new TextEncoder().encode(text) })
      expect(await asked).toBe('relay-misbehaved')
    }
  })

  it('that no frame can hold are refused before they are sent', async () => {
    const { calls, sent } = connect()
    expect(await outcomeOf(calls.ask('a', { text: 'x'.repeat(70_000) }))).toBe('frame-too-large')
    expect(sent).toEqual([])
  })
})
