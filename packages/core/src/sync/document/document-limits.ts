// From which size on a document is summed up and rebased. A test of whole devices lowers them, so that short histories have both; as the
// observer they hang on the platform, which such a test makes anyway.
import { MIN_DEAD_STRUCTS } from '../../document'
import type { Platform } from '../../platform'

/** From which size on a document is summed up, or written anew. */
export interface DocumentLimits {
  /** A log shorter than this is no burden to anybody. */
  readonly minTailBytes: number
  /** A document with fewer Yjs structs of the past than this is not worth everybody's trouble. */
  readonly minDeadStructs: number
}

const usual: DocumentLimits = { minTailBytes: 65_536, minDeadStructs: MIN_DEAD_STRUCTS }
const limits = new WeakMap<Platform, DocumentLimits>()

/** For accounts opened with this platform from now on. */
export function limitDocuments(platform: Platform, lower: DocumentLimits): void {
  limits.set(platform, lower)
}

export function documentLimitsOf(platform: Platform): DocumentLimits {
  return limits.get(platform) ?? usual
}
