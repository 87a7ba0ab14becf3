// Ed25519 and SHA-512 by Node, computed at once and answered at a virtual time, so that a crash can come in between.
import { nodePlatform } from '@owlivion/sync/node'
import type { Life, VirtualTime } from './clock'
import type { RandomStream } from './random'

export class Cryptography {
  readonly #signing = nodePlatform().signing

  constructor(
    private readonly time: VirtualTime,
    private readonly random: RandomStream,
    /** Shared by all: every device and the relay verify the same signatures, and a verdict is a fact. */
    private readonly verdicts: Map<string, boolean>,
  ) {}

  readonly sha512 = (bytes: Uint8Array): Uint8Array => this.#signing.sha512(bytes)

  async sign(life: Life, seed: Uint8Array, message: Uint8Array): Promise<Uint8Array> {
    const signature = await this.#signing.sign(seed, message)
    await this.time.sleep(this.random.delay(0, 6), life)
    return signature
  }

  async verify(life: Life, publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    const question = Buffer.concat([publicKey, signature, this.sha512(message)]).toString('latin1')
    const known = this.verdicts.get(question)
    const verdict = known ?? (await this.#signing.verify(publicKey, message, signature))
    this.verdicts.set(question, verdict)
    await this.time.sleep(this.random.delay(0, 6), life)
    return verdict
  }
}
