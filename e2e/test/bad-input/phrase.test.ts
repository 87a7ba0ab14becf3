import {
  createAccount,
  hasAccount,
  isSyncError,
  joinAccount,
  openMemoryStore,
  recoverAccount,
  type Store,
  type SyncError,
} from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { seededRandom } from '../../support/random'
import { digestLogs } from '../../support/relay-database'
import { type RelayProcess, startRelay } from '../../support/relay-process'
import { temporaryFolder } from '../../support/temporary-folder'

const SEED = 3
const random = seededRandom(SEED)
// The same phrases in every run: one in 256 altered phrases happens to fit its checksum.
const platform = { ...nodePlatform(), random: (length: number) => Uint8Array.from({ length }, () => random.below(256)) }

let relay: RelayProcess
let data: string
let words: string[]
let before: ReturnType<typeof digestLogs>

beforeEach(async () => {
  data = temporaryFolder()
  relay = await startRelay({ data })
  words = (await createOnline(openMemoryStore())).split(' ')
  before = digestLogs(data)
})

async function createOnline(store: Store): Promise<string> {
  const { sync, recoveryPhrase } = await createAccount({ platform, store, relay: relay.url, deviceName: 'first' })
  onTestFinished(() => sync.close())
  const contacts = await sync.open<{ name: string }>('contacts')
  await contacts.add('ann', { name: 'Ann' })
  await sync.flush()
  return recoveryPhrase
}

/** Joining and recovering are both refused so, and neither the device nor the relay has anything of it afterwards. */
async function refusal(recoveryPhrase: string, url = relay.url): Promise<SyncError> {
  const store = openMemoryStore()
  const errors: unknown[] = []
  for (const join of [joinAccount, recoverAccount]) {
    const options = { platform, store, relay: url, deviceName: 'second', recoveryPhrase }
    errors.push(await join(options).catch((error: unknown) => error))
  }
  expect(await hasAccount(store, platform)).toBe(false)
  expect(await store.list([])).toEqual([])
  expect(digestLogs(data)).toEqual(before)
  const [error, other] = errors
  if (!isSyncError(error) || !isSyncError(other)) throw new Error(`It was not refused: ${error}, ${other}`)
  expect(other.code).toBe(error.code)
  expect(error.action).not.toBe('')
  return error
}

const withWord = (position: number, word: string): string => words.with(position - 1, word).join(' ')

describe('joining with a phrase that is not the one', () => {
  it('names the word that is no word of a phrase, where it stands, and the one that may be meant', async () => {
    const error = await refusal(withWord(7, 'abandom'))
    expect(error.code).toBe('phrase-word')
    expect(error.message).toContain('Word 7')
    expect(error.message).toContain('"abandom"')
    expect(error.message).toContain('"abandon"')
  })

  it('says that the checksum does not fit when two words changed places or one is another word', async () => {
    const [first, second, ...others] = words
    expect((await refusal([second, first, ...others].join(' '))).code).toBe('phrase-checksum')
    const error = await refusal(withWord(24, words[23] === 'zoo' ? 'zone' : 'zoo'))
    expect(error.code).toBe('phrase-checksum')
    expect(error.message).toMatch(/"zoo"|"zone"/)
  })

  it('says how many words there are when there are not 24', async () => {
    const error = await refusal(words.slice(0, 23).join(' '))
    expect(error.code).toBe('phrase-length')
    expect(error.message).toContain('23')
    expect((await refusal('')).code).toBe('phrase-length')
  })

  it('says that the relay knows no such account when the phrase is a good one of another account', async () => {
    const elsewhere = { platform, store: openMemoryStore(), relay: relay.url, deviceName: 'elsewhere', online: false }
    const { sync, recoveryPhrase } = await createAccount(elsewhere)
    await sync.close()
    expect((await refusal(recoveryPhrase)).code).toBe('account-unknown')
  })

  it('says that the relay cannot be reached, or that it may not be asked without TLS', async () => {
    const phrase = words.join(' ')
    const gone = relay.url
    await relay.stop()
    expect((await refusal(phrase, gone)).code).toBe('relay-unreachable')
    expect((await refusal(phrase, 'ws://relay.example')).message).toContain('wss://')
    expect((await refusal(phrase, 'no address')).code).toBe('relay-unreachable')
  })

  it('leaves an account that the store holds already as it is', async () => {
    const store = openMemoryStore()
    await createOnline(store)
    before = digestLogs(data)
    const rows = await store.list([])
    const options = { platform, store, relay: relay.url, deviceName: 'again', recoveryPhrase: words.join(' ') }
    await expect(joinAccount(options)).rejects.toMatchObject({ code: 'profile-exists' })
    await expect(recoverAccount(options)).rejects.toMatchObject({ code: 'profile-exists' })
    expect(await store.list([])).toEqual(rows)
    expect(digestLogs(data)).toEqual(before)
  })
})
