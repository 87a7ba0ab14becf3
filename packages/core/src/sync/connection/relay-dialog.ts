// A short conversation with the relay before this device is at home in its account: log in, read the keyring, append a record.
// Request and answer, one after the other, with a time limit on each.
import {
  type AccountId,
  decodeCallBody,
  decodeFrame,
  encodeCallBody,
  encodeFrame,
  type Frame,
  PROTOCOL_VERSION,
} from '@owlivion/sync-protocol'
import type { DeviceKeys, RecoveryKeys } from '../../account'
import { SyncError } from '../../errors'
import type { Platform, Socket } from '../../platform'
import { answerChallenge } from './login'
import { refusalToError } from './refusal'

type FrameOf<T extends Frame['type']> = Extract<Frame, { type: T }>

/** What each answer answers. */
const requestOfAnswer: Partial<Record<Frame['type'], Frame['type']>> = {
  keyring: 'keyring-fetch',
  'keyring-changed': 'keyring-append',
  heads: 'heads-fetch',
  answer: 'call',
  suspended: 'suspend',
}

/** A member of the account: a device that another one has added, or the key that a password unlocks. */
export interface MemberLogin {
  readonly account: AccountId
  readonly device: DeviceKeys
}

/** Who logs in: the holder of the phrase, or a member. */
export type DialogLogin = RecoveryKeys | MemberLogin

const ANSWER_TIMEOUT_MS = 15_000

export class RelayDialog {
  private readonly arrived: Frame[] = []
  private ended: SyncError | undefined
  private wake: (() => void) | undefined
  private socket: Socket | undefined
  private lastCall = 0

  private constructor(
    private readonly platform: Platform,
    private readonly url: string,
  ) {}

  /**
   * Connects and logs in.
   * @throws SyncError `relay-unreachable`, `account-unknown`, and what else the relay refuses
   */
  static async open(
    platform: Platform,
    url: string,
    login: DialogLogin,
  ): Promise<{ readonly dialog: RelayDialog; readonly welcome: FrameOf<'welcome'> }> {
    const dialog = new RelayDialog(platform, url)
    await dialog.connect()
    try {
      const { account } = login
      const { signing, signingSeed } = 'device' in login ? login.device : login
      const self = 'device' in login ? { device: login.device.id } : { recoveryKey: signing }
      dialog.send({ type: 'hello', version: PROTOCOL_VERSION, account, ...self })
      const { nonce } = await dialog.receive('challenge')
      const sign = (message: Uint8Array) => platform.signing.sign(signingSeed, message)
      dialog.send(await answerChallenge(url, account, { publicKey: signing, sign }, nonce))
      return { dialog, welcome: await dialog.receive('welcome') }
    } catch (error) {
      dialog.close()
      throw error
    }
  }

  /**
   * Connects and does not log in: for calls that need no account, and with which one is found.
   * @throws SyncError `relay-unreachable`
   */
  static async openUnnamed(platform: Platform, url: string): Promise<RelayDialog> {
    const dialog = new RelayDialog(platform, url)
    await dialog.connect()
    return dialog
  }

  /**
   * One at a time.
   * @returns the JSON object that the relay answers with, unchecked
   * @throws SyncError what the relay refuses with, and as `receive`
   */
  async call(method: string, request: object): Promise<object> {
    const id = ++this.lastCall
    this.send({ type: 'call', id, method, body: encodeCallBody(request) })
    for (;;) {
      const answer = await this.receive('answer')
      if (answer.id === id) return decodeCallBody(answer.body)
    }
  }

  send(frame: Frame): void {
    this.socket?.send(encodeFrame(frame))
  }

  /**
   * The next frame of this type; others that come before it are of no interest here.
   * @throws SyncError the relay's refusal, `connection-lost`, or `relay-unreachable` when nothing comes in time
   */
  async receive<T extends Frame['type']>(type: T): Promise<FrameOf<T>> {
    for (;;) {
      const frame = this.arrived.shift()
      if (frame?.type === 'refused') {
        const request = requestOfAnswer[type]
        // A refusal may come twice, and then late: it speaks of what is asked now, or of the connection.
        const isReplaced = request === 'keyring-append' && frame.request === 'keyring-replace'
        if (request !== undefined && frame.request !== '' && frame.request !== request && !isReplaced) continue
        throw refusalToError(frame)
      }
      if (frame?.type === type) return frame as FrameOf<T>
      if (frame !== undefined) continue
      if (this.ended !== undefined) throw this.ended
      await this.next()
    }
  }

  close(): void {
    this.ended ??= new SyncError('connection-lost', 'The conversation with the relay is over.')
    this.socket?.close(1000, '')
  }

  private async connect(): Promise<void> {
    let isOpen = false
    this.socket = this.platform.connect(this.url, {
      opened: () => {
        isOpen = true
        this.wake?.()
      },
      received: (bytes) => {
        try {
          this.arrived.push(decodeFrame(bytes))
        } catch (cause) {
          this.ended ??= new SyncError('relay-misbehaved', 'The relay sent a message that cannot be read.', { cause })
        }
        this.wake?.()
      },
      closed: () => {
        this.ended ??= new SyncError(
          isOpen ? 'connection-lost' : 'relay-unreachable',
          isOpen ? 'The connection to the relay broke.' : 'The relay cannot be reached.',
        )
        this.wake?.()
      },
    })
    while (!isOpen) {
      if (this.ended !== undefined) throw this.ended
      await this.next()
    }
  }

  private next(): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.platform.setTimer(ANSWER_TIMEOUT_MS, () => {
        this.wake = undefined
        this.ended = new SyncError('relay-unreachable', 'The relay did not answer in time.')
        this.socket?.close(1000, '')
        reject(this.ended)
      })
      this.wake = () => {
        this.wake = undefined
        cancel()
        resolve()
      }
    })
  }
}
