// A relay that trusts everybody: logins, keyrings and logs, without a check. Wherever the test says something, it does that instead. It
// answers on the sockets of a FakePlatform.
import {
  applyRecord,
  type DocumentId,
  decodeFrame,
  encodeFrame,
  type Frame,
  type Generation,
  type Hash,
  type KeyringState,
  ProtocolFailure,
  prepareRecord,
  type SignedDocumentHead,
  SUSPEND_MS,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import type { SocketHandlers } from '../../../src/platform'
import type { KeyringRow } from '../../../src/sync/account/profile'
import type { FakePlatform } from './fake-platform'
import { type FrameOf, TestLog } from './log'

export interface RelayEnd {
  say(...frames: Frame[]): void
  end(code?: number): void
}

export class ScriptedRelay {
  records: KeyringRow[] = []
  state: KeyringState | undefined
  heads: SignedDocumentHead[] = []
  /** Every frame that arrived. */
  readonly heard: Frame['type'][] = []
  isReachable = true
  /** Handles a frame instead of the relay when it answers true. */
  instead: (frame: Frame, relayEnd: RelayEnd) => boolean | Promise<boolean> = () => false
  private readonly ends = new Set<RelayEnd>()
  private readonly logs = new Map<string, TestLog>()

  /** Devices of this platform reach this relay, whatever they dial. */
  serve(platform: FakePlatform): void {
    const connect = platform.connect
    Object.assign(platform, {
      connect: (url: string, handlers: SocketHandlers) => {
        const socket = connect(url, handlers)
        let isOpen = true
        const relayEnd: RelayEnd = {
          say: (...frames) => {
            for (const bytes of frames.map(encodeFrame)) queueMicrotask(() => isOpen && handlers.received(bytes))
          },
          end: (code = 1006) => {
            this.ends.delete(relayEnd)
            queueMicrotask(() => {
              if (!isOpen) return
              isOpen = false
              Object.assign(socket, { isClosed: true })
              handlers.closed(code, '')
            })
          },
        }
        if (!this.isReachable) {
          relayEnd.end()
          return socket
        }
        this.ends.add(relayEnd)
        queueMicrotask(() => isOpen && handlers.opened())
        return Object.assign(socket, {
          send: (bytes: Uint8Array) => {
            const frame = decodeFrame(bytes.slice())
            this.heard.push(frame.type)
            queueMicrotask(async () => {
              if (isOpen && !(await this.instead(frame, relayEnd))) await this.answer(platform, frame, relayEnd)
            })
          },
          close: () => {
            isOpen = false
            Object.assign(socket, { isClosed: true })
            this.ends.delete(relayEnd)
          },
        })
      },
    })
  }

  /** Takes a record from elsewhere. */
  async append(platform: FakePlatform, row: KeyringRow): Promise<void> {
    const prepared = prepareRecord(platform.signing.sha512, this.state, row.record)
    this.state = applyRecord(platform.signing.sha512, this.state, prepared)
    this.records.push(row)
    for (const relayEnd of this.ends) relayEnd.say(this.changed())
  }

  changed(): FrameOf<'keyring-changed'> {
    return { type: 'keyring-changed', length: this.records.length, head: this.state?.head ?? ZERO_HASH }
  }

  private async answer(platform: FakePlatform, frame: Frame, relayEnd: RelayEnd): Promise<void> {
    const { length } = this.records
    const timeMs = platform.now()
    switch (frame.type) {
      case 'hello':
        if (frame.recoveryKey !== undefined && this.state === undefined) {
          relayEnd.say(refusal('hello', 'account-unknown', false))
          return
        }
        relayEnd.say({ type: 'challenge', nonce: new Uint8Array(32).fill(1) as Hash, timeMs })
        return
      case 'auth': {
        const generation = new Uint8Array(16) as Generation
        const head = this.state?.head ?? ZERO_HASH
        const account = this.state?.account ?? (new Uint8Array(32) as KeyringState['account'])
        relayEnd.say({ type: 'welcome', account, generation, keyringLength: length, keyringHead: head, timeMs })
        return
      }
      case 'keyring-fetch':
        relayEnd.say({ type: 'keyring', from: frame.from, length, records: this.records.slice(frame.from) })
        return
      case 'suspend':
        relayEnd.say({ type: 'suspended', devices: frame.devices, forMs: SUSPEND_MS })
        return
      case 'heads-fetch':
        relayEnd.say({ type: 'heads', heads: this.heads })
        return
      case 'keyring-append':
        try {
          await this.append(platform, { record: frame.record, ...(frame.cut && { cut: frame.cut }) })
        } catch (error) {
          const code = error instanceof ProtocolFailure ? error.code : 'internal-error'
          relayEnd.say(refusal('keyring-append', code, code === 'keyring-conflict'))
        }
        return
      case 'subscribe':
        for (const { document, number } of frame.cursors) relayEnd.say(this.log(platform, document).page(number))
        return
      case 'push': {
        const log = this.log(platform, frame.document)
        const before = log.newest
        relayEnd.say(log.push(frame))
        if (log.newest === before) return
        for (const other of this.ends) if (other !== relayEnd) other.say(log.page(before, log.newest, true))
        return
      }
      case 'seen-put': {
        const { document, envelope, signature } = frame
        for (const other of this.ends)
          if (other !== relayEnd) other.say({ type: 'seen', document, envelope, signature })
        return
      }
      case 'ping':
        relayEnd.say({ type: 'pong', id: frame.id, timeMs })
        return
      default:
        return
    }
  }

  log(platform: FakePlatform, document: DocumentId): TestLog {
    const key = document.join()
    const known = this.logs.get(key)
    if (known !== undefined) return known
    const log = new TestLog({ platform, account: (this.state as KeyringState).account }, document)
    this.logs.set(key, log)
    return log
  }

  /** Cuts every connection, as a network does. */
  cut(): void {
    for (const relayEnd of [...this.ends]) relayEnd.end()
  }
}

export function refusal(request: string, code: string, retryable = true): FrameOf<'refused'> {
  return { type: 'refused', request, code, retryable, message: code }
}
