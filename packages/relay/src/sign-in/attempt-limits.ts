// How often somebody may try. Counted for each address of a connection and for each account name, known or not, so that neither
// the count nor the refusal tells whether a name is known. In memory: a restart forgets, and the lock after wrong codes does not.
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { RelayError } from '../errors'

/** How many attempts are taken, of one account name and from one place. */
export interface AttemptLimitOptions {
  /** Tries for one account name in a window. Whoever uses them up keeps its owner out until the window ends, and no longer. */
  readonly attemptsPerName: number
  /** Tries from one address of the network in a window: a household or an office shares one. */
  readonly attemptsPerAddress: number
  readonly windowSeconds: number
  /** How often an account may set a password or change its address in a day: more would be asking which addresses are known. */
  readonly registrationsPerDay: number
}

export const defaultAttemptLimits: AttemptLimitOptions = {
  attemptsPerName: 10,
  attemptsPerAddress: 50,
  windowSeconds: 900,
  registrationsPerDay: 20,
}

const SECONDS_PER_DAY = 86_400

export class AttemptLimits {
  private readonly byName: RateLimiterMemory
  private readonly byAddress: RateLimiterMemory
  private readonly registrations: RateLimiterMemory

  constructor(options: AttemptLimitOptions) {
    const { attemptsPerName, attemptsPerAddress, windowSeconds: duration, registrationsPerDay } = options
    this.byName = new RateLimiterMemory({ points: attemptsPerName, duration, keyPrefix: 'name' })
    this.byAddress = new RateLimiterMemory({ points: attemptsPerAddress, duration, keyPrefix: 'address' })
    this.registrations = new RateLimiterMemory({
      points: registrationsPerDay,
      duration: SECONDS_PER_DAY,
      keyPrefix: 'registration',
    })
  }

  /** @throws RelayError `too-many-requests` */
  async takeAttempt(address: string, name: string): Promise<void> {
    await take(this.byAddress, address)
    await take(this.byName, name)
  }

  /** An attempt that names nobody. @throws RelayError `too-many-requests` */
  takeAddress(address: string): Promise<void> {
    return take(this.byAddress, address)
  }

  /** @throws RelayError `too-many-requests` */
  takeRegistration(account: string): Promise<void> {
    return take(this.registrations, account)
  }

  /** Whoever got in was no attacker: the tries before it are forgotten for this name. */
  async succeeded(name: string): Promise<void> {
    await this.byName.delete(name)
  }
}

async function take(limiter: RateLimiterMemory, key: string): Promise<void> {
  try {
    await limiter.consume(key)
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused
    throw new RelayError('too-many-requests', 'Too many attempts to sign in; wait before the next one.', {
      retryAfterMs: Math.max(1, refused.msBeforeNext),
    })
  }
}
