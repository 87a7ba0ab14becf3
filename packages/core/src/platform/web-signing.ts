// Ed25519 by WebCrypto, about a hundred times faster than in JavaScript. Not every browser has it, and `crypto.subtle` is missing
// outside secure contexts, so it is tried out once, on first use; where it does not answer right, tweetnacl does the work.
import { hexToBytes, mayVerify } from '@owlivion/sync-protocol'
import { KeyCache } from './key-cache'
import { publicKeyToSpki, seedToPkcs8 } from './key-formats'
import type { SigningProvider } from './platform'
import { tweetnaclPublicKey, tweetnaclSigning } from './tweetnacl-signing'

const algorithm = { name: 'Ed25519' }

/**
 * @param subtle undefined where the browser has none
 * @param onChosen told once whether WebCrypto or tweetnacl does the work
 */
export function webSigning(
  subtle: SubtleCrypto | undefined,
  onChosen: (implementation: 'webcrypto' | 'tweetnacl') => void = () => {},
): SigningProvider {
  const native = subtle && nativeSigning(subtle)
  let chosen: Promise<SigningProvider> | undefined
  const choose = async (): Promise<SigningProvider> => {
    const works = native !== undefined && (await signsAsExpected(native))
    onChosen(works ? 'webcrypto' : 'tweetnacl')
    return works ? native : tweetnaclSigning
  }
  const provider = (): Promise<SigningProvider> => {
    chosen ??= choose()
    return chosen
  }
  return {
    sign: async (seed, message) => (await provider()).sign(seed, message),
    verify: async (publicKey, message, signature) => (await provider()).verify(publicKey, message, signature),
    sha512: tweetnaclSigning.sha512,
  }
}

/**
 * A key that is the sum of an honest one and a point of order 8, and two signatures by it. RFC 8032 leaves open whether the check
 * is multiplied by the cofactor, and the second signature is good only if it is. tweetnacl, OpenSSL and BoringSSL do not
 * multiply; an engine that does would follow another history than they when somebody signs with such a key on purpose.
 * From "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko), cases 3 and 4.
 */
const mixedOrderKey = hexToBytes('cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d')
const goodEitherWay = {
  message: hexToBytes('9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79'),
  signature: hexToBytes(
    '9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009',
  ),
}
const goodWithCofactor = {
  message: hexToBytes('e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c'),
  signature: hexToBytes(
    '160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09',
  ),
}

/** True when it makes the same signature as tweetnacl, tells it from a broken one, and judges the odd ones alike. */
async function signsAsExpected(native: SigningProvider): Promise<boolean> {
  const seed = new Uint8Array(32).fill(7)
  const message = new Uint8Array([1, 2, 3])
  const expected = await tweetnaclSigning.sign(seed, message)
  const publicKey = tweetnaclPublicKey(seed)
  try {
    const signature = await native.sign(seed, message)
    return (
      signature.every((byte, index) => byte === expected[index]) &&
      (await native.verify(publicKey, message, expected)) &&
      !(await native.verify(publicKey, new Uint8Array([1, 2, 4]), expected)) &&
      (await native.verify(mixedOrderKey, goodEitherWay.message, goodEitherWay.signature)) &&
      !(await native.verify(mixedOrderKey, goodWithCofactor.message, goodWithCofactor.signature))
    )
  } catch {
    // "Not supported" has many names among browsers; all of them mean the same here.
    return false
  }
}

function nativeSigning(subtle: SubtleCrypto): SigningProvider {
  const keys = new KeyCache<Promise<CryptoKey>>()
  const importPrivate = (seed: Uint8Array) => subtle.importKey('pkcs8', seedToPkcs8(seed), algorithm, false, ['sign'])
  const importPublic = (publicKey: Uint8Array) =>
    subtle.importKey('spki', publicKeyToSpki(publicKey), algorithm, false, ['verify'])
  return {
    async sign(seed, message) {
      const key = await keys.privateKey(seed, importPrivate)
      return new Uint8Array(await subtle.sign(algorithm, key, owned(message)))
    },
    async verify(publicKey, message, signature) {
      if (!mayVerify(publicKey, signature)) return false
      const key = await keys.publicKey(publicKey, importPublic).catch(() => undefined)
      // Some import any 32 bytes, some only points of the curve. The verdict must not depend on it.
      if (key === undefined) return tweetnaclSigning.verify(publicKey, message, signature)
      return subtle.verify(algorithm, key, owned(signature), owned(message))
    },
    sha512: tweetnaclSigning.sha512,
  }
}

/** WebCrypto takes no view of shared memory, and the types say so; the engine never has one. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>
}
