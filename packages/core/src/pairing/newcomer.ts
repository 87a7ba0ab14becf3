// The newcomer's side of a pairing, from the code on its screen to the welcome. No I/O: it is told what came and what people said,
// and answers with what is to be done. Everything that does not belong where it comes ends it.
import {
  bytesEqual,
  encodePairingMessage,
  type MailboxSide,
  PAIRING_NONCE_BYTES,
  type PairingContent,
  type PairingMessage,
  type PairingReveal,
  type PublicKeys,
} from '@owlivion/sync-protocol'
import type { BoxKeys } from '../crypto'
import { agree, commitTo, createEphemeral, type TypedWay } from './agreement'
import { isFailure, mismatch, PairingChannel, type PairingFailure, type PairingTools, readMessage } from './channel'
import type { ScannedWay } from './invitation'

export type Welcome = Extract<PairingContent, { type: 'welcome' }>

export type NewcomerEffect =
  | { readonly type: 'send'; readonly message: Uint8Array }
  /** Both screens show these; people compare them. */
  | { readonly type: 'compare'; readonly digits: string }
  /** The member has added this device. */
  | { readonly type: 'welcomed'; readonly welcome: Welcome }
  | { readonly type: 'failed'; readonly failure: PairingFailure }

export interface NewcomerOptions {
  readonly way: ScannedWay | TypedWay
  /** Of this device. */
  readonly keys: PublicKeys
  readonly name: string
  readonly platform: string
  readonly tools: PairingTools
}

type Phase =
  /** The commitment is at the mailbox. */
  | { readonly kind: 'committed'; readonly ephemeral: BoxKeys; readonly reveal: PairingReveal }
  | { readonly kind: 'comparing'; readonly channel: PairingChannel; readonly account: Uint8Array }
  /** The member knows who asks; `account` is the one that it named when the digits were made. */
  | { readonly kind: 'introduced'; readonly channel: PairingChannel; readonly account?: Uint8Array }
  | { readonly kind: 'welcomed'; readonly channel: PairingChannel }
  | { readonly kind: 'over' }

const SIDE: MailboxSide = 'newcomer'

export class Newcomer {
  private phase: Phase = { kind: 'over' }

  constructor(private readonly options: NewcomerOptions) {}

  /** What is left at the mailbox before anybody is there. */
  begin(): NewcomerEffect[] {
    const { way, keys, tools } = this.options
    if (way.kind === 'scanned') {
      const channel = new PairingChannel(tools, way.keys, SIDE)
      this.phase = { kind: 'introduced', channel }
      return [this.introduction(channel)]
    }
    const ephemeral = createEphemeral(tools)
    const reveal: PairingReveal = {
      type: 'reveal',
      ephemeral: ephemeral.box,
      keys,
      nonce: tools.random(PAIRING_NONCE_BYTES),
    }
    this.phase = { kind: 'committed', ephemeral, reveal }
    return [send(commitTo(tools.sha512, reveal))]
  }

  received(bytes: Uint8Array): NewcomerEffect[] {
    const { phase } = this
    if (phase.kind === 'over' || phase.kind === 'welcomed') return []
    const message = readMessage(bytes)
    if (isFailure(message)) return this.fail(message)
    if (phase.kind === 'committed') return this.answered(phase, message)
    const content = phase.channel.open(message)
    if (isFailure(content)) return this.fail(content)
    if (content.type === 'refuse')
      return this.fail({ code: 'pairing-refused', message: 'The person at the other device said no.' })
    const isExpected = content.type === 'welcome' && phase.kind === 'introduced'
    if (!isExpected) return this.fail(mismatch('A message came that does not belong here.'))
    if (phase.account !== undefined && !bytesEqual(phase.account, content.account))
      return this.fail(mismatch('The account is another one than the one that was compared.'))
    this.phase = { kind: 'welcomed', channel: phase.channel }
    return [{ type: 'welcomed', welcome: content }]
  }

  /** This device's person found the digits equal. */
  confirmDigits(): NewcomerEffect[] {
    const { phase } = this
    if (phase.kind !== 'comparing') return []
    this.phase = { ...phase, kind: 'introduced' }
    return [this.introduction(phase.channel)]
  }

  /** This device is a member, and has it on disk. */
  finish(): NewcomerEffect[] {
    return this.sayLast({ type: 'finish' })
  }

  /** This device's person does not want it, or found other digits. */
  refuse(): NewcomerEffect[] {
    return this.sayLast({ type: 'refuse' })
  }

  private answered({ ephemeral, reveal }: Extract<Phase, { kind: 'committed' }>, answer: PairingMessage) {
    const { way, tools } = this.options
    if (answer.type !== 'answer') return this.fail(mismatch('A message came that does not belong here.'))
    const commit = commitTo(tools.sha512, reveal)
    const agreement = agree(tools.sha512, ephemeral, answer.ephemeral, { mailbox: way.mailbox, commit, answer, reveal })
    if (agreement === undefined) return this.fail(mismatch('The other side named a key that no device has.'))
    const channel = new PairingChannel(tools, agreement.keys, SIDE)
    this.phase = { kind: 'comparing', channel, account: answer.account }
    return [send(reveal), { type: 'compare', digits: agreement.digits } as const]
  }

  private introduction(channel: PairingChannel): NewcomerEffect {
    const { name, platform } = this.options
    return { type: 'send', message: channel.seal({ type: 'introduce', name, platform }) }
  }

  private sayLast(content: PairingContent): NewcomerEffect[] {
    const { phase } = this
    this.phase = { kind: 'over' }
    return 'channel' in phase ? [{ type: 'send', message: phase.channel.seal(content) }] : []
  }

  private fail(failure: PairingFailure): NewcomerEffect[] {
    this.phase = { kind: 'over' }
    return [{ type: 'failed', failure }]
  }
}

function send(message: PairingMessage): NewcomerEffect {
  return { type: 'send', message: encodePairingMessage(message) }
}
