// Who of an account's connections follows which document, and how far each has been sent. A live page goes out only to a
// follower that has everything before it, so that what a device receives live always fits what it has.
import { bytesToHex, type DocumentId } from '@owlivion/sync-protocol'

export interface Follower {
  send(frame: Uint8Array): void
  /** Bytes that were sent and have not left yet. */
  readonly bufferedBytes: number
}

/** Entries first..last of a document, as just committed. */
export interface Appended {
  readonly first: number
  readonly last: number
  /** The connection that pushed them: it has them already. */
  readonly author: Follower
  /** The live page, encoded once when the first follower needs it and shared by all. */
  frame(): Uint8Array
}

interface Following {
  /** Number of the last entry sent, or known to be on the other side. */
  sentThrough: number
  /** While a page is being read from the store: what was committed meanwhile, to be sent after it. */
  waiting: Appended[] | undefined
}

export class DocumentFeed {
  private readonly followings = new Map<string, Map<Follower, Following>>()
  private readonly documentsByFollower = new Map<Follower, Set<string>>()

  /**
   * Holds live pages back until `caughtUp`, since the page that is about to be read comes first.
   * @returns false when the follower follows `maxDocuments` others already
   */
  catchingUp(document: DocumentId, follower: Follower, maxDocuments: number): boolean {
    const key = bytesToHex(document)
    const followed = this.documentsByFollower.get(follower) ?? new Set<string>()
    if (!followed.has(key) && followed.size >= maxDocuments) return false
    this.documentsByFollower.set(follower, followed.add(key))
    const followers = this.followings.get(key) ?? new Map<Follower, Following>()
    this.followings.set(key, followers)
    const following = followers.get(follower)
    if (following === undefined) followers.set(follower, { sentThrough: 0, waiting: [] })
    else following.waiting = []
    return true
  }

  /** The page was sent and ended at number `last`. */
  caughtUp(document: DocumentId, follower: Follower, last: number): void {
    const following = this.followings.get(bytesToHex(document))?.get(follower)
    if (following === undefined) return
    const { waiting } = following
    following.waiting = undefined
    // What was sent live before the page stays sent: a follower that has it will not ask again.
    following.sentThrough = Math.max(following.sentThrough, last)
    for (const appended of waiting ?? []) advance(following, follower, appended)
  }

  appended(document: DocumentId, appended: Appended): void {
    for (const [follower, following] of this.followings.get(bytesToHex(document)) ?? []) {
      if (following.waiting === undefined) advance(following, follower, appended)
      else following.waiting.push(appended)
    }
  }

  /** Hands a frame that is not part of the log to every follower but one. */
  broadcast(document: DocumentId, author: Follower, frame: Uint8Array): void {
    for (const follower of this.followings.get(bytesToHex(document))?.keys() ?? [])
      if (follower !== author) follower.send(frame)
  }

  followersOf(document: DocumentId): Follower[] {
    return [...(this.followings.get(bytesToHex(document))?.keys() ?? [])]
  }

  unfollow(document: DocumentId, follower: Follower): void {
    const key = bytesToHex(document)
    this.documentsByFollower.get(follower)?.delete(key)
    this.drop(key, follower)
  }

  /** The follower's connection ended. */
  leave(follower: Follower): void {
    for (const key of this.documentsByFollower.get(follower) ?? []) this.drop(key, follower)
    this.documentsByFollower.delete(follower)
  }

  private drop(key: string, follower: Follower): void {
    const followers = this.followings.get(key)
    followers?.delete(follower)
    if (followers?.size === 0) this.followings.delete(key)
  }
}

function advance(following: Following, follower: Follower, { first, last, author, frame }: Appended): void {
  if (following.sentThrough !== first - 1) return
  following.sentThrough = last
  if (follower !== author) follower.send(frame())
}
