// A relay with password sign-in and devices on real sockets, each test with its own.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RelayServer, startRelayServer } from '@owlivion/relay'
import { createAccount, openMemoryStore, type Platform, type Store, type Sync, type SyncCode } from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'
import { type SignInOptions, signIn } from '@owlivion/sync/password'
import { onTestFinished } from 'vitest'

export const email = 'ann@example.com'

export interface Place {
  readonly platform?: Platform
  readonly store?: Store
}

export interface SignInWorld {
  /** What a device dials, as of now. */
  readonly relay: string
  place(place?: Place): { readonly platform: Platform; readonly store: Store; readonly relay: string }
  create(place?: Place): Promise<{ readonly sync: Sync; readonly recoveryPhrase: string }>
  /** Signs another device in. */
  enter(password: string, more?: Partial<SignInOptions>): Promise<Sync>
  /** Ends with the test. */
  keep(sync: Sync): Sync
  restartRelay(): Promise<void>
}

/** @param withSignIn false for a relay that knows no passwords */
export async function startSignInWorld(withSignIn = true): Promise<SignInWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'owlivion-sign-in-'))
  const limits = { attemptsPerName: 100, attemptsPerAddress: 100 }
  const start = (): Promise<RelayServer> =>
    startRelayServer({ data: join(folder, 'data'), port: 0, ...(withSignIn && { signIn: { limits } }) })
  let server = await start()
  const opened: Sync[] = []
  onTestFinished(async () => {
    for (const sync of opened) await sync.close()
    await server.stop()
    rmSync(folder, { recursive: true })
  })

  const world: SignInWorld = {
    get relay() {
      return server.url.replace('http', 'ws')
    },
    place: ({ platform = nodePlatform(), store = openMemoryStore() } = {}) => ({ platform, store, relay: world.relay }),
    keep(sync) {
      opened.push(sync)
      return sync
    },
    async create(place) {
      const { sync, recoveryPhrase } = await createAccount({ ...world.place(place), deviceName: 'first' })
      await world.keep(sync).flush()
      return { sync, recoveryPhrase }
    },
    async enter(password, more = {}) {
      return world.keep(await signIn({ ...world.place(), deviceName: 'another', email, password, ...more }))
    },
    async restartRelay() {
      await server.stop()
      server = await start()
    },
  }
  return world
}

/** The code that it is refused with. */
export async function codeOf(attempt: Promise<unknown>): Promise<SyncCode> {
  const error = await attempt.then(
    () => new Error('it succeeded'),
    (refused) => refused,
  )
  if (error.code === undefined) throw error
  return error.code
}

/** Resolves when the condition holds, looked at after every change of status. */
export async function until(sync: Sync, isTrue: () => boolean): Promise<void> {
  await new Promise<void>((resolve) => {
    const check = (): void => {
      if (!isTrue()) return
      end()
      resolve()
    }
    const end = sync.subscribe(check)
    check()
  })
}

export const activeNames = (sync: Sync) =>
  sync
    .devices()
    .filter(({ isRemoved }) => !isRemoved)
    .map(({ name }) => name)
    .sort()
