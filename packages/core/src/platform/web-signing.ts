// Ed25519 by WebCrypto, about a hundred times faster than in JavaScript. Not every browser has it, and `crypto.subtle` is missing
// outside secure contexts, so it is tried out once, on first use; where it does not answer right, tweetnacl does the work.
import { mayVerify, publicKeyToSpki, seedToPkcs8 } from './ed25519'
import { KeyCache } from './key-cache'
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

/** True when it makes the same signature as tweetnacl and tells it from a broken one. */
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
      !(await native.verify(publicKey, new Uint8Array([1, 2, 4]), expected))
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
