import { commands } from 'vitest/browser'
import { browserPlatform, tweetnaclSigning } from '../../src/platform'
import { knownAnswersSuite } from '../../test/crypto/known-answers'
import { wycheproofSuite } from '../../test/crypto/wycheproof-suite'

declare module 'vitest/browser' {
  interface BrowserCommands {
    /** The text of a file of the shared input, which a page cannot read itself; null where it is missing. */
    readSharedData(path: string): Promise<string | null>
  }
}

const providers = { tweetnacl: tweetnaclSigning, 'the browser': browserPlatform().signing }
const read = async (path: string) => (await commands.readSharedData(path)) ?? ''

knownAnswersSuite(providers)
wycheproofSuite((await read('wycheproof/ed25519_test.json')) !== '', read, providers)
