// A client that speaks the old commands, on a real relay.
import { openMemoryStore, type Sync } from '@owlivion/sync'
import { createSyncCommands, type OutdatedParameter, type SyncCommandSet } from '@owlivion/sync/commands'
import { nodePlatform } from '@owlivion/sync/node'
import { onTestFinished } from 'vitest'
import { email, startSignInWorld } from '../../support/sign-in-world'

export const password = 'a long enough password'

export interface Client {
  readonly commands: SyncCommandSet
  readonly notices: readonly OutdatedParameter[]
  readonly phrases: readonly string[]
  sync(): Promise<Sync>
  /** Resolves when what is asked holds, asked again after every change. */
  until(isTrue: () => boolean | Promise<boolean>): Promise<void>
}

export interface CommandWorld {
  readonly relay: string
  /** Not signed in. */
  client(name: string, askCode?: () => Promise<string | undefined>): Client
  /** The one that made the account. */
  registered(): Promise<Client>
  /** Two devices of one account. */
  both(): Promise<readonly [laptop: Client, phone: Client]>
  /** The two have `ann` in contacts with another company each, written while neither knew of the other. */
  inConflict(): Promise<readonly [laptop: Client, phone: Client]>
}

export async function startCommandWorld(): Promise<CommandWorld> {
  const signIn = await startSignInWorld()
  const world: CommandWorld = {
    get relay() {
      return signIn.relay
    },
    client(name, askCode) {
      const notices: OutdatedParameter[] = []
      const phrases: string[] = []
      const commands = createSyncCommands({
        openStore: async () => openMemoryStore(),
        relay: signIn.relay,
        deviceName: name,
        devicePlatform: 'linux',
        platform: nodePlatform(),
        showRecoveryPhrase: (phrase) => void phrases.push(phrase),
        onNotice: (notice) => void notices.push(notice),
        ...(askCode && { askCode }),
      })
      onTestFinished(() => commands.close())
      return {
        commands,
        notices,
        phrases,
        sync: async () => (await commands.account()) as Sync,
        until: (isTrue) =>
          new Promise((resolve, reject) => {
            const check = async (): Promise<void> => {
              if (!(await isTrue())) return
              end()
              resolve()
            }
            const end = commands.subscribe(() => void check().catch(reject))
            void check().catch(reject)
          }),
      }
    },
    async registered() {
      const client = world.client('laptop')
      await client.commands.sync_register({ email, password })
      return client
    },
    async both() {
      const laptop = await world.registered()
      const phone = world.client('phone')
      await phone.commands.sync_login({ email, password })
      return [laptop, phone]
    },
    async inConflict() {
      const [laptop, phone] = await world.both()
      const [here, there] = await Promise.all([contactsOf(laptop), contactsOf(phone)])
      await here.add('ann@example.com', { name: 'Ann', emails: [{ value: 'ann@example.com' }] })
      await here.add('bob@example.com', { name: 'Bob' })
      await laptop.commands.sync_start()
      await phone.commands.sync_start()
      for (const { sync } of [laptop, phone]) (await sync()).goOffline()
      await here.update('ann@example.com', { organisation: 'Laptop Ltd', notes: 'l' })
      await there.update('ann@example.com', { organisation: 'Phone Ltd', notes: 'p' })
      await here.delete('bob@example.com')
      await there.update('bob@example.com', { organisation: 'Kept' })
      for (const { sync } of [laptop, phone]) (await sync()).goOnline()
      for (const { commands } of [laptop, phone, laptop]) await commands.sync_start()
      return [laptop, phone]
    },
  }
  return world
}

export async function contactsOf(client: Client) {
  const { mailTypes } = await import('@owlivion/sync/mail')
  return (await client.sync()).open(mailTypes.contacts)
}
