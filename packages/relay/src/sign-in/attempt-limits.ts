// How often somebody may try. Counted for each address of a connection and for each account name, known or not, so that neither
// the count nor the refusal tells whether a name is known. In memory: a restart forgets, and the lock after wrong codes does not.
import { isIPv6 } from 'node:net'
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
    await take(this.byAddress, networkOf(address))
    await take(this.byName, name)
  }

  /** An attempt that names nobody. @throws RelayError `too-many-requests` */
  takeAddress(address: string): Promise<void> {
    return take(this.byAddress, networkOf(address))
  }

  /** Its answer tells whether an address is taken. @throws RelayError `too-many-requests` */
  async takeRegistration(address: string, account: string): Promise<void> {
    await take(this.byAddress, networkOf(address))
    await take(this.registrations, account)
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

/** Whoever has one IPv6 address has the 2^64 of its network: they count as one. An IPv4 address is itself, however it is written. */
function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address
  const [before = '', after] = (address.split('%')[0] as string).split('::')
  const groups = before === '' ? [] : before.split(':')
  const tail = after === undefined || after === '' ? [] : after.split(':')
  const zeros = after === undefined ? 0 : 8 - groups.length - tail.length
  const whole = [...groups, ...Array<string>(Math.max(0, zeros)).fill('0'), ...tail]
  return `${whole
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
