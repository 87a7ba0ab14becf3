// Standing, key and chain of the pushes of one turn, against what the log holds before it. What only the transaction can know
// (duplicates, and so staleness) the store decides.
import { activeDevice, bytesToHex, type Hash, type Sha512, ZERO_HASH } from '@owlivion/sync-protocol'
import type { ConnectedAccount } from './accounts'
import { RelayError, toRefusal } from './errors'
import { chainPush, type Push } from './push'
import type { AppendRequest, ChainLink } from './store/relay-store'

interface AccountPush {
  readonly account: ConnectedAccount
  readonly push: Push
  /** The document was being rebased when the push came. */
  readonly isHeldUp: boolean
}

/**
 * @param links for each push what is stored just before it
 * @returns for each push what to append, or what to refuse it with
 */
export function judgePushes(
  sha512: Sha512,
  items: readonly AccountPush[],
  links: readonly ChainLink[],
): (AppendRequest | RelayError)[] {
  // Pushes of one device may follow each other within a turn: the later one's chain begins where the earlier one's ends.
  const hashByPlace = new Map<string, Hash>()
  return items.map((item, index) => {
    try {
      return judgePush(sha512, item, links[index] as ChainLink, hashByPlace)
    } catch (error) {
      return toRefusal(error)
    }
  })
}

function judgePush(
  sha512: Sha512,
  { account, push, isHeldUp }: AccountPush,
  link: ChainLink,
  hashByPlace: Map<string, Hash>,
): AppendRequest {
  const { document, device, incarnation, first, last, signature } = push
  const { id, keyring } = account
  if (keyring === undefined || activeDevice(keyring, device) === undefined)
    throw new RelayError('device-removed', undefined, { document })
  const chain = `${bytesToHex(id)}${bytesToHex(document)}${bytesToHex(device)}${incarnation}`
  const previous = first === 1 ? ZERO_HASH : (link.hash ?? hashByPlace.get(`${chain}:${first - 1}`))
  if (previous === undefined)
    throw new RelayError(first <= link.newest ? 'already-covered' : 'chain-gap', undefined, { document })
  const { entries, freshFrom, endsAsSigned } = chainPush(sha512, push, keyring, previous)
  if (!endsAsSigned) {
    // The device signed this end, so it stands on another entry before it than the relay does; at a chain's start there is none.
    if (first > 1) throw new RelayError('fork', undefined, { document })
    throw new RelayError('bad-signature', 'The signed end of the chain does not fit the entries.', { document })
  }
  hashByPlace.set(`${chain}:${last}`, push.headHash)
  const keyringHead = keyring.head
  const { documentEpoch } = push
  const chained = { previous, entries, signature, freshFrom, documentEpoch }
  return { account: id, document, device, incarnation, ...chained, keyringHead, isHeldUp }
}
