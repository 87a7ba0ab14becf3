// The root of an account as a person keeps it: 24 words on paper. They stand for 256 random bits and a checksum (BIP-39), which is
// enough to need no stretching. The list of words is loaded only when a phrase is made or typed in.
import { type AccountId, accountIdOf, type NextRecovery, recoveryProofBytes } from '@owlivion/sync-protocol'
import { type BoxKeys, boxKeysOf, deriveKey } from '../crypto'
import { SyncError } from '../errors'
import { publicKeyOf, type SigningProvider, tweetnaclSigning } from '../platform'
import { nearestWord } from './nearest-word'

export const PHRASE_WORDS = 24
export const ENTROPY_BYTES = 32

export interface RecoveryPhrase {
  /** 24 words with spaces between, to be shown once and kept by a person. */
  readonly text: string
  /** The 32 bytes that the words stand for. */
  readonly entropy: Uint8Array
}

type Words = Pick<typeof import('@scure/bip39'), 'entropyToMnemonic' | 'mnemonicToEntropy'> & {
  readonly wordlist: string[]
}

/** Once they are there they are there at once: a second import could still go through a loader of the platform's. */
let loadedWords: Words | undefined

async function loadWords(): Promise<Words> {
  if (loadedWords === undefined) {
    const [{ entropyToMnemonic, mnemonicToEntropy }, { wordlist }] = await Promise.all([
      import('@scure/bip39'),
      import('@scure/bip39/wordlists/english.js'),
    ])
    loadedWords = { entropyToMnemonic, mnemonicToEntropy, wordlist }
  }
  return loadedWords
}

export async function createRecoveryPhrase(random: (length: number) => Uint8Array): Promise<RecoveryPhrase> {
  const entropy = random(ENTROPY_BYTES)
  return { text: await phraseText(entropy), entropy }
}

/** The words that stand for this entropy. */
export async function phraseText(entropy: Uint8Array): Promise<string> {
  const { entropyToMnemonic, wordlist } = await loadWords()
  return entropyToMnemonic(entropy, wordlist)
}

/** One word as a person typed it, in the form that it has in the list. */
export function normalizeWord(text: string): string {
  return splitWords(text).join(' ')
}

/**
 * The entropy of a phrase as a person typed it: case, line breaks, commas, numbering and invisible characters do not matter.
 * @throws SyncError `phrase-length` when it has not 24 words; `phrase-word` naming the first word that is not in the list, its position
 * and the nearest one that is; `phrase-checksum` when every word is in the list but the last does not fit the others
 */
export async function parseRecoveryPhrase(text: string): Promise<Uint8Array> {
  const words = splitWords(text)
  if (words.length !== PHRASE_WORDS) {
    throw new SyncError('phrase-length', `A recovery phrase has ${PHRASE_WORDS} words; this one has ${words.length}.`)
  }
  const { mnemonicToEntropy, wordlist } = await loadWords()
  const known = new Set(wordlist)
  const position = words.findIndex((word) => !known.has(word))
  if (position >= 0) throw unknownWord(words[position] as string, position + 1, wordlist)
  try {
    return mnemonicToEntropy(words.join(' '), wordlist)
  } catch {
    // Length and words are right, so this is the only reason left.
    const last = words[PHRASE_WORDS - 1] as string
    throw new SyncError(
      'phrase-checksum',
      `The checksum does not fit: the last word, "${last}", does not belong to the ${PHRASE_WORDS - 1} words before it. One of them is another word than the one written down, or two changed places.`,
    )
  }
}

function unknownWord(word: string, position: number, wordlist: readonly string[]): SyncError {
  const nearest = nearestWord(word, wordlist)
  const hint = nearest === undefined ? '' : ` Did you mean "${nearest}"?`
  return new SyncError('phrase-word', `Word ${position}, "${word}", is not a word of a recovery phrase.${hint}`)
}

function splitWords(text: string): string[] {
  return (
    text
      .normalize('NFKD')
      // Accents that a keyboard added, and characters that nobody sees.
      .replace(/[\p{M}\p{Cf}]/gu, '')
      .toLowerCase()
      .split(/[\s,;]+/u)
      // "1." before a word, as phrases are often written down.
      .map((word) => word.replace(/^\d+[.:)]*/, ''))
      .filter((word) => word !== '')
  )
}

/** What the phrase unlocks. It outranks every device: devices do not keep it. */
export interface RecoveryKeys extends BoxKeys {
  /** Ed25519. */
  readonly signingSeed: Uint8Array
  readonly signing: Uint8Array
  /** The account that has this phrase from its first record. A phrase that was issued later belongs to an account of another name. */
  readonly account: AccountId
}

export function recoveryKeysOf(
  entropy: Uint8Array,
  provider: Pick<SigningProvider, 'publicKey' | 'boxPublicKey'> = tweetnaclSigning,
): RecoveryKeys {
  const root = deriveKey(entropy, 'recovery-root')
  const signingSeed = deriveKey(root, 'recovery-signing')
  const signing = publicKeyOf(provider, signingSeed)
  return {
    signingSeed,
    signing,
    ...boxKeysOf(deriveKey(root, 'recovery-box'), provider),
    account: accountIdOf(tweetnaclSigning.sha512, signing),
  }
}

/** The public keys of a phrase that is to count in this account, with the proof that whoever holds the phrase wants that. */
export async function proveRecovery(
  signing: SigningProvider,
  account: AccountId,
  { signingSeed, signing: publicKey, box }: RecoveryKeys,
): Promise<NextRecovery> {
  const next = { signing: publicKey, box }
  return { ...next, proof: await signing.sign(signingSeed, recoveryProofBytes(account, next)) }
}
