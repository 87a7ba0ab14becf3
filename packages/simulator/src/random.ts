// Where every draw of a simulation comes from: one stream per (seed, actor, purpose). When a shrunk run leaves out one actor's step,
// only the streams of that step are drawn from less; everybody else sees the same numbers as before.

export class RandomStream {
  #a: number
  #b: number
  #c: number
  #counter = 1

  /** The same names give the same stream, in every process and on every machine. */
  constructor(seed: number, actor: string, purpose: string) {
    const name = `${seed}/${actor}/${purpose}`
    this.#a = hashText(name, 0x9e3779b9)
    this.#b = hashText(name, 0x85ebca6b)
    this.#c = hashText(name, 0xc2b2ae35)
    // The first outputs still resemble the hashes.
    for (let round = 0; round < 12; round++) this.uint32()
  }

  /** Chris Doty-Humphrey's sfc32: small, fast, and good enough for PractRand. */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    return sum >>> 0
  }

  /** From 0 to below 1. */
  fraction(): number {
    return this.uint32() / 2 ** 32
  }

  /** A whole number from `low` through `high`. */
  between(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1))
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.between(0, choices.length - 1)] as T
  }

  /** One of the values, each as often as its weight says. */
  weighted<T>(choices: readonly (readonly [weight: number, value: T])[]): T {
    let rest = this.fraction() * choices.reduce((sum, [weight]) => sum + weight, 0)
    for (const [weight, value] of choices) {
      rest -= weight
      if (rest < 0) return value
    }
    return (choices[choices.length - 1] as readonly [number, T])[1]
  }

  /** Mostly near `low`, now and then far out, never beyond `high`: how long things take. */
  delay(low: number, high: number): number {
    const fraction = this.fraction()
    return Math.round(low + (high - low) * fraction ** 4)
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.uint32() >>> 24)
  }
}

/** FNV-1a over UTF-16 code units, mixed at the end so that names that differ in the last letter differ everywhere. */
function hashText(text: string, basis: number): number {
  let hash = basis
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad)
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97)
  return hash ^ (hash >>> 15)
}
