// The part of an open account that keeps its recovery phrase until it is on paper, and changes it.
import { AccountMembers } from './client-members'
import type { PhraseAnswer, PhraseQuestion, ReissueDetails } from './sync'

/** The recovery phrase of an account. */
export abstract class AccountPhrase extends AccountMembers {
  /**
   * The recovery phrase that was made on this device, until it is confirmed: to be shown once more, for example after a crash.
   * @returns undefined when it is confirmed, or was made elsewhere
   *
   * @example
   * const phrase = await sync.unconfirmedPhrase()
   * if (phrase !== undefined) console.log('Write these 24 words down:', phrase)
   */
  unconfirmedPhrase(): Promise<string | undefined> {
    return this.engine.membership.unconfirmedPhrase()
  }

  /**
   * Three words of the unconfirmed phrase that a person is to type back, the same ones each time. Empty when there is none.
   *
   * @example
   * const { sync, recoveryPhrase } = await createAccount({
   *   platform: nodePlatform(),
   *   store: openMemoryStore(),
   *   relay: 'wss://relay.example.com',
   *   deviceName: 'laptop',
   *   online: false,
   * })
   * const words = recoveryPhrase.split(' ')
   * const answers = sync.phraseQuestions().map(({ position }) => ({ position, word: words[position - 1] ?? '' }))
   * answers.length // 3
   * await sync.confirmRecoveryPhrase(answers)
   * sync.status.isPhraseConfirmed // true
   * await sync.close()
   */
  phraseQuestions(): readonly PhraseQuestion[] {
    return this.engine.membership.phraseQuestions()
  }

  /**
   * Forgets the phrase on this device once a person has shown that it is written down. An example is at `phraseQuestions`.
   * @param answers one for each of `phraseQuestions()`; case and spaces around a word do not matter
   * @throws SyncError `phrase-check-failed` with the position of the first word that is missing or wrong; the phrase is kept then
   */
  confirmRecoveryPhrase(answers: readonly PhraseAnswer[]): Promise<void> {
    return this.engine.membership.confirmPhrase(answers)
  }

  /**
   * Gives the account a new recovery phrase and a new key, at once, with the old phrase. The old one opens and signs nothing that comes after;
   * what somebody fetched with it before stays known to them.
   * @param options `recoveryPhrase`: the old one
   * @returns the new phrase, once it counts; this device keeps it until it is confirmed
   * @throws SyncError `wrong-account` when the phrase is not the one that counts now, `phrase-length`, `phrase-word`, `phrase-checksum`,
   * `closed` when the account is closed first; the old phrase is not kept, so the app asks for it again then
   *
   * @example
   * const words = await sync.reissuePhrase({ recoveryPhrase: prompt('The old 24 words') ?? '' })
   * console.log('From now on:', words)
   */
  reissuePhrase({ recoveryPhrase }: { readonly recoveryPhrase: string }): Promise<string> {
    return this.engine.membership.reissuePhrase(recoveryPhrase)
  }

  /**
   * Asks for a new recovery phrase without the old one. Every device shows it; it counts when another device of some age approves it, or by itself
   * after seven days in which nobody vetoed it. Until then the old phrase counts.
   * @returns the phrase that is to count, once the request is in the keyring; this device keeps it until it is confirmed
   * @throws SyncError `keyring-refused` when one is asked for already, `closed`, `device-removed`
   *
   * @example
   * const words = await sync.requestReissue()
   * console.log('In seven days at the latest these words count:', words)
   */
  requestReissue(): Promise<string> {
    return this.engine.membership.requestReissue()
  }

  /**
   * The open request for a new recovery phrase. An app shows it on every device, for it may be a thief's.
   *
   * @example
   * if (sync.reissue !== undefined && !sync.reissue.isMine) console.log('Asked for by', sync.reissue.requestedBy)
   */
  get reissue(): ReissueDetails | undefined {
    return this.engine.membership.reissue
  }

  /**
   * Lets the phrase count at once that another device asked for. A device can that has been in the account for seven days: a newer one may have
   * been let in by whoever asks.
   * @throws SyncError `keyring-refused` when nobody asks, or it was withdrawn meanwhile; `reissue-early` on the device that asks itself, and on
   * one that is new to the account, with `retryAfterMs`
   *
   * @example
   * if (sync.reissue !== undefined && !sync.reissue.isMine) await sync.approveReissue()
   */
  approveReissue(): Promise<void> {
    return this.engine.membership.approveReissue()
  }

  /**
   * Withdraws the open request for a new recovery phrase. Any device may, and so may the holder of the old phrase.
   * @throws SyncError `keyring-refused` when nobody asks, or it was granted meanwhile; `wrong-account` when the phrase is not the one that counts
   *
   * @example
   * if (sync.reissue !== undefined) await sync.vetoReissue()
   */
  vetoReissue({ recoveryPhrase }: { readonly recoveryPhrase?: string } = {}): Promise<void> {
    return this.engine.membership.vetoReissue(recoveryPhrase)
  }
}
