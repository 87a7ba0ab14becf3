// Tabs as browsers have them: BroadcastChannel, Web Locks, and the events of a page's life.
import type { TabChannel, TabLockOptions, TabPlatform } from './tabs'

/** Of all locks of this package. */
const LOCK_PREFIX = 'owlivion-sync '

/** @returns undefined where tabs cannot speak with each other, as in a page that came without HTTPS */
export function browserTabs(): TabPlatform | undefined {
  const locks: LockManager | undefined = globalThis.navigator?.locks
  if (locks === undefined || typeof BroadcastChannel === 'undefined') return undefined
  return { channel, hold: (name, options) => hold(locks, name, options), held: () => held(locks), onPause }
}

function channel(name: string, received: (message: unknown) => void): TabChannel {
  const broadcast = new BroadcastChannel(name)
  broadcast.onmessage = ({ data }: MessageEvent<unknown>) => received(data)
  let isOpen = true
  return {
    post: (message) => {
      if (isOpen) broadcast.postMessage(message)
    },
    close: () => {
      isOpen = false
      broadcast.close()
    },
  }
}

function hold(
  locks: LockManager,
  name: string,
  { mode, signal, lost }: TabLockOptions,
): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    let isHeld = false
    let isReleased = false
    const options: LockOptionsOfBrowser = { ifAvailable: mode === 'now', steal: mode === 'steal' }
    if (mode === 'wait' && signal !== undefined) options.signal = signal
    const request = locks.request(LOCK_PREFIX + name, options, (lock) => {
      if (lock === null) return resolve(undefined)
      isHeld = true
      // The lock is held for as long as this promise is open.
      return new Promise<void>((release) =>
        resolve(() => {
          isReleased = true
          release()
        }),
      )
    })
    request.catch((error: unknown) => {
      if (isHeld && !isReleased) lost?.()
      else if (signal?.aborted) resolve(undefined)
      else if (!isHeld) reject(error)
    })
  })
}

type LockOptionsOfBrowser = Parameters<LockManager['request']>[1] & object & { signal?: AbortSignal }

async function held(locks: LockManager): Promise<string[]> {
  const { held: present = [] } = await locks.query()
  return present.flatMap(({ name }) => (name?.startsWith(LOCK_PREFIX) ? [name.slice(LOCK_PREFIX.length)] : []))
}

/** Frozen in the background, or kept for the "back" button: both stop a page without ending it. */
function onPause(paused: () => void, resumed: () => void): () => void {
  const page = globalThis.document
  const onPageHide = (event: Event): void => {
    if ((event as PageTransitionEvent).persisted) paused()
  }
  const onPageShow = (event: Event): void => {
    if ((event as PageTransitionEvent).persisted) resumed()
  }
  // A worker has no page; the browser ends it with its page.
  const listeners: (readonly [EventTarget | undefined, string, (event: Event) => void])[] = [
    [page, 'freeze', paused],
    [page, 'resume', resumed],
    [page && globalThis, 'pagehide', onPageHide],
    [page && globalThis, 'pageshow', onPageShow],
  ]
  for (const [target, type, listener] of listeners) target?.addEventListener(type, listener)
  return () => {
    for (const [target, type, listener] of listeners) target?.removeEventListener(type, listener)
  }
}
