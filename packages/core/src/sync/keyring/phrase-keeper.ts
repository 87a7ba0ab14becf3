// A recovery phrase that no person has confirmed yet. The device keeps it until three of its words were typed back, so that neither a
// crash nor a dismissed window leaves an account whose phrase nobody has; then it is on paper only.
//
//   ['phrase']        the phrase that counts, while it is unconfirmed
//   ['next-phrase']   one that does not count yet: on disk before the record that makes it count is sent
import { bytesEqual, decodeSignedRecord, decodeWhole, type KeyringState, Writer } from '@owlivion/sync-protocol'
import {
  ENTROPY_BYTES,
  normalizeWord,
  PHRASE_WORDS,
  phraseText,
  type RecoveryKeys,
  recoveryKeysOf,
} from '../../account'
import { SyncError } from '../../errors'
import type { Platform } from '../../platform'
import type { Store, StoreBatch, StoreKey } from '../../storage'
import type { JudgedKeyring } from './owed'

export const phraseKey: StoreKey = ['phrase']
const nextPhraseKey: StoreKey = ['next-phrase']

const ROW_VERSION = 1
const QUESTIONS = 3

/** One word of the recovery phrase that a person is asked for. */
export interface PhraseQuestion {
  /** Which word: 1 for the first, 24 for the last. */
  readonly position: number
}

/** A word that a person typed in answer. */
export interface PhraseAnswer extends PhraseQuestion {
  readonly word: string
}

interface KeptPhrase {
  readonly entropy: Uint8Array
  /** Fixed for a phrase: whoever gets it wrong is not asked for other words. */
  readonly positions: readonly number[]
}

export class PhraseKeeper {
  private constructor(
    private readonly platform: Platform,
    private readonly store: (batch: StoreBatch) => Promise<void>,
    private current: KeptPhrase | undefined,
    private next: KeptPhrase | undefined,
  ) {}

  /** @throws SyncError `profile-damaged` */
  static async open(
    platform: Platform,
    store: Store,
    write: (batch: StoreBatch) => Promise<void>,
  ): Promise<PhraseKeeper> {
    const [current, next] = await Promise.all([store.get(phraseKey), store.get(nextPhraseKey)])
    return new PhraseKeeper(platform, write, current && decodePhrase(current), next && decodePhrase(next))
  }

  /** The phrase that a person is to write down; one that is asked for and does not count yet goes first. */
  unconfirmed({ reissueRequest }: KeyringState): { readonly entropy: Uint8Array } | undefined {
    return this.shown(reissueRequest)
  }

  questions({ reissueRequest }: KeyringState): readonly PhraseQuestion[] {
    return (this.shown(reissueRequest)?.positions ?? []).map((position) => ({ position }))
  }

  /**
   * Forgets the phrase when every word is right.
   * @throws SyncError `phrase-check-failed` naming the first position whose word is missing or wrong
   */
  async confirm({ reissueRequest }: KeyringState, answers: readonly PhraseAnswer[]): Promise<void> {
    const phrase = this.shown(reissueRequest)
    if (phrase === undefined) return
    const words = (await phraseText(phrase.entropy)).split(' ')
    for (const position of phrase.positions) {
      const answer = answers.find((each) => each.position === position)
      if (answer === undefined || normalizeWord(answer.word) !== words[position - 1])
        throw new SyncError('phrase-check-failed', `Word ${position} is another one than that of the recovery phrase.`)
    }
    if (phrase === this.next) await this.forgetNext()
    else await this.forgetCurrent()
  }

  /**
   * A phrase that is not in use, for a record that is to make it count. One that was drafted before and never got that far is taken again.
   * @param store writes the row, in the same step as whatever else must not be forgotten
   */
  async draft(store: (batch: StoreBatch, keys: RecoveryKeys) => Promise<void> = this.store): Promise<KeptPhrase> {
    const draft = this.next ?? newPhrase(this.platform, this.platform.random(ENTROPY_BYTES))
    // Known before it is stored: what follows at once must not draft another.
    this.next = draft
    await store({ put: [[nextPhraseKey, encodePhrase(draft)]] }, recoveryKeysOf(draft.entropy, this.platform.signing))
    return draft
  }

  /** Brings what is kept in line with the keyring: a draft that counts now is the phrase, and what counts no more is forgotten. */
  async follow(keyring: JudgedKeyring): Promise<void> {
    const { state } = keyring
    const { next, current } = this
    if (next !== undefined && bytesEqual(this.signingKeyOf(next), state.recovery.signing)) {
      this.current = next
      this.next = undefined
      await this.store({ put: [[phraseKey, encodePhrase(next)]], remove: [nextPhraseKey] })
      return
    }
    if (next !== undefined && isRequestClosed(keyring, this.signingKeyOf(next))) await this.forgetNext()
    if (current !== undefined && !bytesEqual(this.signingKeyOf(current), state.recovery.signing))
      await this.forgetCurrent()
  }

  private signingKeyOf({ entropy }: KeptPhrase): Uint8Array {
    return recoveryKeysOf(entropy, this.platform.signing).signing
  }

  private shown(request: KeyringState['reissueRequest']): KeptPhrase | undefined {
    const { next } = this
    const isAsked =
      next !== undefined && request !== undefined && bytesEqual(request.next.signing, this.signingKeyOf(next))
    return isAsked ? next : this.current
  }

  private forgetNext(): Promise<void> {
    this.next = undefined
    return this.store({ remove: [nextPhraseKey] })
  }

  private forgetCurrent(): Promise<void> {
    this.current = undefined
    return this.store({ remove: [phraseKey] })
  }
}

/** The row of a phrase that nobody has confirmed. */
export function phraseRow(platform: Platform, entropy: Uint8Array): readonly [StoreKey, Uint8Array] {
  return [phraseKey, encodePhrase(newPhrase(platform, entropy))]
}

function newPhrase({ random }: Platform, entropy: Uint8Array): KeptPhrase {
  const positions = new Set<number>()
  while (positions.size < QUESTIONS) {
    const [byte = 0] = random(1)
    // The largest multiple of 24 that a byte holds, so that no word is asked for more often than another.
    if (byte < 240) positions.add(1 + (byte % PHRASE_WORDS))
  }
  return { entropy, positions: [...positions].sort((a, b) => a - b) }
}

/** It was asked for, and withdrawn or overtaken by another. */
function isRequestClosed(keyring: JudgedKeyring, signingKey: Uint8Array): boolean {
  const { reissueRequest, length } = keyring.state
  if (reissueRequest !== undefined && bytesEqual(reissueRequest.next.signing, signingKey)) return false
  for (let position = 0; position < length; position++) {
    const { record } = decodeSignedRecord(keyring.recordAt(position).record)
    if (record.type === 'request' && bytesEqual(record.next.signing, signingKey)) return true
  }
  return false
}

function encodePhrase({ entropy, positions }: KeptPhrase): Uint8Array {
  const writer = new Writer().byte(ROW_VERSION).fixed(entropy, ENTROPY_BYTES)
  return writer.list(positions, (position) => writer.byte(position), QUESTIONS).finish()
}

function decodePhrase(bytes: Uint8Array): KeptPhrase {
  try {
    return decodeWhole(bytes, (reader) => {
      if (reader.byte() !== ROW_VERSION) throw new SyncError('profile-damaged', 'It was written by another version.')
      return { entropy: reader.fixed(ENTROPY_BYTES).slice(), positions: reader.list(QUESTIONS, 1, () => reader.byte()) }
    })
  } catch (cause) {
    throw new SyncError('profile-damaged', 'The recovery phrase in this device’s store cannot be read.', { cause })
  }
}
