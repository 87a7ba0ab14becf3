// How fast a keyring may grow. A thief with a device of the account could otherwise append record after record, so that every
// removal of his device finds another head than it was made for, and all devices have more and more to verify.
import { type AccountId, bytesEqual, bytesToHex, type KeyringRecord } from '@owlivion/sync-protocol'
import { RelayError } from './errors'
import type { RelayLimits } from './limits'
import type { Standing } from './login'
import type { RelayPlatform } from './platform'
import { TokenBucket } from './rate-limit'

/** Each takes devices out, so that nobody can go on with it; and it must never wait for a thief. */
const isNeverPaced: ReadonlySet<KeyringRecord['type']> = new Set(['genesis', 'remove', 'leave', 'recover'])
/** Accounts whose pace is remembered; the one that was longest quiet is forgotten first. */
const MAX_BUCKETS = 10_000

export class KeyringPace {
  private readonly buckets = new Map<string, TokenBucket>()

  constructor(
    private readonly platform: RelayPlatform,
    private readonly limits: RelayLimits,
  ) {}

  /**
   * @param isRestored the record was in the keyring before this relay lost it: free for whoever brings back another's
   * @throws RelayError `too-many-requests`
   */
  take(account: AccountId, record: KeyringRecord, standing: Standing, isRestored: boolean): void {
    if (isNeverPaced.has(record.type)) return
    const isOwn = standing.kind !== 'recovery' && record.signer !== undefined && bytesEqual(standing.id, record.signer)
    if (isRestored && !isOwn) return
    const key = bytesToHex(account)
    const { keyringRecordsPerSecond, keyringBurst } = this.limits
    const bucket = this.buckets.get(key) ?? new TokenBucket(keyringRecordsPerSecond, keyringBurst, this.platform.now())
    this.buckets.delete(key)
    this.buckets.set(key, bucket)
    if (this.buckets.size > MAX_BUCKETS) this.buckets.delete(this.buckets.keys().next().value as string)
    const retryAfterMs = bucket.take(1, this.platform.now())
    if (retryAfterMs > 0)
      throw new RelayError('too-many-requests', 'The keyring of the account grows too fast.', { retryAfterMs })
  }
}
