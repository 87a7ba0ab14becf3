// A device inside the test's own process, for tests that are not about processes: the same engine and real sockets.
import { type Collection, createAccount, type Fields, joinAccount, openMemoryStore, type Sync } from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'
import { onTestFinished } from 'vitest'

export interface LocalDevice {
  readonly sync: Sync
  readonly contacts: Collection<Fields>
  /** Codes of the errors that the device reported by itself. */
  readonly problems: readonly string[]
  records(): { readonly [id: string]: Fields }
  /** Resolves when the condition holds, looked at after every change of status, data or problems. */
  until(isTrue: () => boolean): Promise<void>
  /** Resolves when everything is sent, fetched, and applied by another device. */
  whenSeen(): Promise<void>
}

/** @param recoveryPhrase of the account to join; without one, a new account is made */
export async function openLocalDevice(
  relay: string,
  recoveryPhrase?: string,
): Promise<LocalDevice & { readonly recoveryPhrase: string }> {
  const options = { platform: nodePlatform(), store: openMemoryStore(), relay, deviceName: 'local' }
  const opened =
    recoveryPhrase === undefined
      ? await createAccount(options)
      : { sync: await joinAccount({ ...options, recoveryPhrase }), recoveryPhrase }
  const { sync } = opened
  onTestFinished(() => sync.close())
  const problems: string[] = []
  const contacts = await sync.open<Fields>('contacts')
  const until = (isTrue: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!isTrue()) return
        for (const end of ends) end()
        resolve()
      }
      const ends = [sync.subscribe(check), sync.on(check), contacts.subscribe(check)]
      check()
    })
  sync.on((event) => {
    if (event.type === 'error') problems.push(event.error.code)
  })
  return {
    sync,
    recoveryPhrase: opened.recoveryPhrase,
    contacts,
    problems,
    records: () => Object.fromEntries(contacts.list().map(([id, fields]) => [id, { ...fields }])),
    until,
    whenSeen: () => until(() => sync.status.state === 'seen' && sync.status.isGreen),
  }
}
