// Turning 32 bytes into the key object of a crypto library costs more than a signature, so the objects are kept.

/** Devices of a few accounts; beyond that the oldest is forgotten. */
const PUBLIC_KEYS_KEPT = 256

export class KeyCache<Key> {
  // Held by the seed's own array, so that the key goes when the seed does and no secret becomes a map's text.
  private readonly privateKeyBySeed = new WeakMap<Uint8Array, { readonly seed: Uint8Array; readonly key: Key }>()
  private readonly publicKeyByText = new Map<string, Key>()

  privateKey(seed: Uint8Array, make: (seed: Uint8Array) => Key): Key {
    const known = this.privateKeyBySeed.get(seed)
    // An array that was filled anew since is another seed.
    if (known?.seed.every((byte, index) => byte === seed[index])) return known.key
    const key = make(seed)
    this.privateKeyBySeed.set(seed, { seed: seed.slice(), key })
    return key
  }

  publicKey(bytes: Uint8Array, make: (bytes: Uint8Array) => Key): Key {
    const text = bytes.join()
    const known = this.publicKeyByText.get(text)
    if (known !== undefined) return known
    const key = make(bytes)
    if (this.publicKeyByText.size >= PUBLIC_KEYS_KEPT) {
      const oldest = this.publicKeyByText.keys().next()
      if (!oldest.done) this.publicKeyByText.delete(oldest.value)
    }
    this.publicKeyByText.set(text, key)
    return key
  }
}
