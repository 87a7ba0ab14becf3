import { readFile } from 'node:fs/promises'
import { hasSharedData, sharedData } from '../../../../e2e/shared-data'
import { tweetnaclSigning } from '../../src/platform'
import { nodeSigning } from '../../src/platform/node-signing'
import { webSigning } from '../../src/platform/web-signing'
import { wycheproofSuite } from './wycheproof-suite'

wycheproofSuite(hasSharedData('wycheproof'), (path) => readFile(sharedData(path), 'utf8'), {
  tweetnacl: tweetnaclSigning,
  node: nodeSigning(),
  'WebCrypto in Node': webSigning(globalThis.crypto.subtle),
})
