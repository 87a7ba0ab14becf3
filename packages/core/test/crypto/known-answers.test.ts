import { tweetnaclSigning } from '../../src/platform'
import { nodeSigning } from '../../src/platform/node-signing'
import { webSigning } from '../../src/platform/web-signing'
import { knownAnswersSuite } from './known-answers'

knownAnswersSuite({
  tweetnacl: tweetnaclSigning,
  Node: nodeSigning(),
  'WebCrypto in Node': webSigning(globalThis.crypto.subtle),
  'a platform without WebCrypto': webSigning(undefined),
})
