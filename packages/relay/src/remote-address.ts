// Where a connection comes from. Behind a proxy the socket's own address is the proxy's, and only the operator can know that
// there is one: without one, a header that names another address is whatever the device wants to be.
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/** IPv4 inside IPv6, as a socket that listens for both reports it. */
const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i

/** @param trustsProxy one proxy stands before the relay, and appends the address it was called from to X-Forwarded-For */
export function remoteAddressOf(
  {
    headers,
    socket,
  }: Pick<IncomingMessage, 'headers'> & { readonly socket: { readonly remoteAddress?: string | undefined } },
  trustsProxy: boolean,
): string | undefined {
  const own = socket.remoteAddress?.replace(MAPPED, '')
  if (!trustsProxy) return own
  const chain = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',')
  // The last one: those before it came with the request, and nobody vouches for them.
  const named = (chain[chain.length - 1] ?? '').trim().replace(MAPPED, '')
  return isIP(named) === 0 ? own : named
}
