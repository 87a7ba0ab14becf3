// What the tabs of one origin have in common besides their storage.

/** Messages to every other tab that has the same channel open, in the order in which they are sent. */
export interface TabChannel {
  /** `message` is copied by structured clone. */
  post(message: unknown): void
  close(): void
}

/** How a lock is asked for: only when it is free, in turn, or from whoever has it. */
export type TabLockMode = 'now' | 'wait' | 'steal'

/** How a lock is asked for, and what ends the asking or the holding. */
export interface TabLockOptions {
  readonly mode: TabLockMode
  /** Ends the waiting. */
  readonly signal?: AbortSignal
  /** Another tab took the lock away. */
  readonly lost?: () => void
}

/** What lets the tabs of one origin share a profile. */
export interface TabPlatform {
  channel(name: string, received: (message: unknown) => void): TabChannel
  /** @returns undefined when the lock is not to be had; otherwise a function that gives it back */
  hold(name: string, options: TabLockOptions): Promise<(() => void) | undefined>
  /** Names of the locks that are held now, by any tab. */
  held(): Promise<readonly string[]>
  /**
   * The browser is about to stop this page without closing it, or has just set it going again. Between the two nothing runs.
   * @returns a function that ends it
   */
  onPause(paused: () => void, resumed: () => void): () => void
}
