// Questions on the connection that syncs: answered, refused, given up.
import type { Frame, Refusal } from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { LiveRequests } from '../../src/sync/connection/live-requests'
import { refusalToError } from '../../src/sync/connection/refusal'
import { FakePlatform, settle } from './support/fake-platform'
import { refusal } from './support/scripted-relay'

let platform: FakePlatform
let requests: LiveRequests
let sent: Frame[]
let links: number

beforeEach(() => {
  platform = new FakePlatform()
  sent = []
  links = 0
  requests = new LiveRequests(platform, () => void links++)
})

const connect = (): void => requests.connected({ send: (frame) => void sent.push(frame), readKeyring: () => {} })
const refuse = (frame: Refusal): boolean => requests.refused(frame, refusalToError(frame))
const ask = () => requests.ask({ type: 'heads-fetch', devices: [] }, 'heads')
const heads: Frame = { type: 'heads', heads: [] }
const failing = (code: string) => expect.objectContaining({ name: 'SyncError', code })

describe('a question', () => {
  it('is answered by the frame that fits, and not by news', async () => {
    connect()
    const length = requests.ask({ type: 'keyring-fetch', from: 0 }, 'keyring-changed', (frame) => frame.length === 2)
    const head = new Uint8Array(32) as never
    requests.received({ type: 'keyring-changed', length: 1, head })
    requests.received(heads)
    requests.received({ type: 'keyring-changed', length: 2, head })
    expect((await length).length).toBe(2)
    expect(platform.timers).toEqual([])
    requests.received({ type: 'keyring-changed', length: 2, head })
    const next = ask()
    requests.received(heads)
    expect(await next).toEqual(heads)
    expect(sent.map(({ type }) => type)).toEqual(['keyring-fetch', 'heads-fetch'])
  })

  it('is ended by the refusal of itself and of nothing else', async () => {
    connect()
    expect(refuse(refusal('heads-fetch', 'too-many-requests'))).toBe(false)
    const asked = ask()
    expect(refuse(refusal('push', 'quota-exceeded'))).toBe(false)
    expect(refuse(refusal('heads-fetch', 'too-many-requests'))).toBe(true)
    await expect(asked).rejects.toEqual(failing('too-many-requests'))
    expect(platform.timers).toEqual([])
  })

  it('ends with its connection, and is not asked without one', async () => {
    await expect(ask()).rejects.toEqual(failing('connection-lost'))
    connect()
    const asked = ask()
    requests.disconnected()
    await expect(asked).rejects.toEqual(failing('connection-lost'))
    expect([requests.isConnected, links, platform.timers]).toEqual([false, 2, []])
    requests.disconnected()
    expect(links).toBe(2)
  })

  it('is given up after a quarter of a minute', async () => {
    connect()
    const outcome = ask().catch((error) => error.code)
    await platform.advance(14_999)
    let isSettled = false
    void outcome.then(() => {
      isSettled = true
    })
    await settle()
    expect(isSettled).toBe(false)
    await platform.advance(1)
    expect(await outcome).toBe('relay-unreachable')
  })
})
