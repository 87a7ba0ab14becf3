// The member's side of a pairing, from the code it was given to the newcomer's last word. No I/O, as on the other side. What it
// answers for: the keys it names as the newcomer's are those of the code, or those that both people have compared.
import {
  type AccountId,
  bytesEqual,
  encodePairingMessage,
  isSoundBoxKey,
  isSoundSigningKey,
  type MailboxSide,
  PAIRING_NONCE_BYTES,
  type PairingAnswer,
  type PairingCommit,
  type PairingContent,
  type PairingMessage,
  type PublicKeys,
} from '@owlivion/sync-protocol'
import type { BoxKeys } from '../crypto'
import { agree, commitTo, createEphemeral, type TypedWay } from './agreement'
import { isFailure, mismatch, PairingChannel, type PairingFailure, type PairingTools, readMessage } from './channel'
import type { ScannedWay } from './invitation'
import type { Welcome } from './newcomer'

/** Who wants to join. */
export interface IntroducedDevice {
  readonly keys: PublicKeys
  readonly name: string
  readonly platform: string
}

export type MemberEffect =
  | { readonly type: 'send'; readonly message: Uint8Array }
  /** Both screens show these; people compare them. */
  | { readonly type: 'compare'; readonly digits: string }
  /** Asked for consent is this device's person, now. */
  | { readonly type: 'introduced'; readonly newcomer: IntroducedDevice }
  /** The newcomer knows that it is a member. */
  | { readonly type: 'finished' }
  | { readonly type: 'failed'; readonly failure: PairingFailure }

export interface MemberOptions {
  readonly way: ScannedWay | TypedWay
  readonly account: AccountId
  readonly tools: PairingTools
}

type Phase =
  | { readonly kind: 'meeting' }
  | {
      readonly kind: 'answered'
      readonly ephemeral: BoxKeys
      readonly commit: PairingCommit
      readonly answer: PairingAnswer
    }
  /** There is a channel to whoever has these keys; compared or scanned. */
  | { readonly kind: 'awaiting-introduction'; readonly channel: PairingChannel; readonly keys: PublicKeys }
  | { readonly kind: 'introduced'; readonly channel: PairingChannel }
  | { readonly kind: 'welcomed'; readonly channel: PairingChannel }
  | { readonly kind: 'over' }

const SIDE: MailboxSide = 'member'

export class Member {
  private phase: Phase

  constructor(private readonly options: MemberOptions) {
    const { way, tools } = options
    this.phase =
      way.kind === 'typed'
        ? { kind: 'meeting' }
        : {
            kind: 'awaiting-introduction',
            channel: new PairingChannel(tools, way.keys, SIDE),
            keys: way.invitation.keys,
          }
  }

  received(bytes: Uint8Array): MemberEffect[] {
    const { phase } = this
    if (phase.kind === 'over') return []
    const message = readMessage(bytes)
    if (isFailure(message)) return this.fail(message)
    if (phase.kind === 'meeting') return this.meet(message)
    if (phase.kind === 'answered') return this.compare(phase, message)
    const content = phase.channel.open(message)
    if (isFailure(content)) return this.fail(content)
    if (content.type === 'refuse')
      return this.fail({ code: 'pairing-refused', message: 'The person at the new device said no.' })
    if (content.type === 'introduce' && phase.kind === 'awaiting-introduction') {
      this.phase = { kind: 'introduced', channel: phase.channel }
      return [{ type: 'introduced', newcomer: { keys: phase.keys, name: content.name, platform: content.platform } }]
    }
    if (content.type === 'finish' && phase.kind === 'welcomed') {
      this.phase = { kind: 'over' }
      return [{ type: 'finished' }]
    }
    return this.fail(mismatch('A message came that does not belong here.'))
  }

  /** The newcomer is in the keyring, which is the consent of this device's person. */
  welcome(welcome: Omit<Welcome, 'type'>): MemberEffect[] {
    const { phase } = this
    if (phase.kind !== 'introduced') return []
    this.phase = { kind: 'welcomed', channel: phase.channel }
    return [{ type: 'send', message: phase.channel.seal({ type: 'welcome', ...welcome }) }]
  }

  /** This device's person said no, or found other digits. */
  refuse(): MemberEffect[] {
    const { phase } = this
    this.phase = { kind: 'over' }
    const refusal: PairingContent = { type: 'refuse' }
    return 'channel' in phase ? [{ type: 'send', message: phase.channel.seal(refusal) }] : []
  }

  private meet(commit: PairingMessage): MemberEffect[] {
    const { account, tools } = this.options
    if (commit.type !== 'commit') return this.fail(mismatch('A message came that does not belong here.'))
    const ephemeral = createEphemeral(tools)
    const nonce = tools.random(PAIRING_NONCE_BYTES)
    const answer: PairingAnswer = { type: 'answer', ephemeral: ephemeral.box, nonce, account }
    this.phase = { kind: 'answered', ephemeral, commit, answer }
    return [{ type: 'send', message: encodePairingMessage(answer) }]
  }

  private compare(
    { ephemeral, commit, answer }: Extract<Phase, { kind: 'answered' }>,
    reveal: PairingMessage,
  ): MemberEffect[] {
    const { way, tools } = this.options
    if (reveal.type !== 'reveal') return this.fail(mismatch('A message came that does not belong here.'))
    if (!bytesEqual(commitTo(tools.sha512, reveal).commitment, commit.commitment))
      return this.fail(mismatch('The other side revealed something else than it had committed to.'))
    const said = { mailbox: way.mailbox, commit, answer, reveal }
    const agreement = agree(tools.sha512, ephemeral, reveal.ephemeral, said)
    const areSound = isSoundSigningKey(reveal.keys.signing) && isSoundBoxKey(reveal.keys.box)
    if (agreement === undefined || !areSound)
      return this.fail(mismatch('The other side named a key that no device has.'))
    const channel = new PairingChannel(tools, agreement.keys, SIDE)
    this.phase = { kind: 'awaiting-introduction', channel, keys: reveal.keys }
    return [{ type: 'compare', digits: agreement.digits }]
  }

  private fail(failure: PairingFailure): MemberEffect[] {
    this.phase = { kind: 'over' }
    return [{ type: 'failed', failure }]
  }
}
