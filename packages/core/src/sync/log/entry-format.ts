// Which entries this version of the app understands. Any other is kept aside whole until a version comes that does: half of it
// applied would be worse than none.
import {
  type Body,
  decodeBody,
  ENVELOPE_VERSION,
  type Envelope,
  envelopeKinds,
  roots,
  SUITE_SECRETBOX,
} from '@owlivion/sync-protocol'

export function isKnownEnvelope({ version, suite, kind }: Envelope): boolean {
  return version === ENVELOPE_VERSION && suite === SUITE_SECRETBOX && kind === envelopeKinds.update
}

const knownRoots: ReadonlySet<number> = new Set(Object.values(roots))
/** Of Yjs updates. */
const knownFormats: ReadonlySet<number> = new Set([1, 2])

/** undefined for a body of which not every part is understood. */
export function readBody(content: Uint8Array): Body | undefined {
  try {
    const body = decodeBody(content)
    const isKnown = body.updates.every(({ root, format }) => knownRoots.has(root) && knownFormats.has(format))
    return isKnown ? body : undefined
  } catch {
    // A later version's layout, or garbage by a member; nobody can tell which.
    return undefined
  }
}
