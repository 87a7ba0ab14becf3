// The recovery phrases that the people of a world have written down, on one sheet of paper that all of them can read.
import { isSyncError, type Sync } from '@owlivion/sync'
import type { Life } from './clock'
import { describe } from './describe'
import type { RandomStream } from './random'

export class Phrases {
  /** Newest first: which of them counts, only the account knows. */
  readonly #known: string[] = []
  /** The relay has the account: whoever holds the phrase can join. */
  isAtRelay = false

  /** Devices whose people asked for a new phrase without the old one. */
  readonly askedOn = new Set<string>()

  get all(): readonly string[] {
    return this.#known
  }

  get exist(): boolean {
    return this.#known.length > 0
  }

  write(phrase: string): void {
    if (!this.#known.includes(phrase)) this.#known.unshift(phrase)
  }
}

export interface PhraseReader {
  readonly name: string
  readonly sync: Sync
  readonly life: Life
  readonly phrases: Phrases
  readonly person: RandomStream
  readonly fail: (reason: string) => void
}

/** Writes down a phrase that nobody has seen, and sometimes proves that it did. */
export async function lookAfterPhrase({ name, sync, life, phrases, person, fail }: PhraseReader): Promise<void> {
  const phrase = await sync.unconfirmedPhrase()
  if (phrase === undefined || !life.alive) return
  phrases.write(phrase)
  if (!person.chance(0.5)) return
  const words = phrase.split(' ')
  const answers = sync.phraseQuestions().map(({ position }) => ({ position, word: words[position - 1] as string }))
  await sync.confirmRecoveryPhrase(answers).catch((error: unknown) => {
    if (!isSyncError(error, 'closed') && !isSyncError(error, 'storage-failed'))
      fail(`${name} could not confirm its phrase: ${describe(error)}`)
  })
}
