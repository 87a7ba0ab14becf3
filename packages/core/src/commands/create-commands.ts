// All commands on one account, as an object of them and as the function that the old windows call.
import type { Sync } from '../client'
import { SyncError } from '../errors'
import { accountCommands } from './account-commands'
import { AccountHolder, type SyncCommandsOptions } from './account-holder'
import { auditCommands } from './audit-commands'
import { configCommands } from './config-commands'
import { conflictCommands, conflictsOf } from './conflict-commands'
import { deviceCommands } from './device-commands'
import { historyCommands } from './history-commands'
import { queueCommands } from './queue-commands'
import { schedulerCommands } from './scheduler-commands'
import { commandNames, type SyncCommands } from './signatures'
import { twoFactorCommands } from './two-factor-commands'

/** The commands, and what the old client had no word for. */
export interface SyncCommandSet extends SyncCommands {
  /**
   * Runs a command by its name, with its parameters in snake case or as Tauri writes them (`masterPassword`): in the place of Tauri's `invoke`.
   * @throws SyncError `invalid-value` for a name that is no command, and for a parameter that is missing or of another kind
   */
  invoke(command: string, parameters?: Readonly<Record<string, unknown>>): Promise<unknown>
  /** Calls `listener` when what the commands tell may have changed. @returns a function that ends it */
  subscribe(listener: () => void): () => void
  /** The account behind the commands, for everything that they do not do; undefined while the device is in none. */
  account(): Promise<Sync | undefined>
  /** Closes the account. A command that follows opens it again. */
  close(): Promise<void>
}

/**
 * The commands of the old sync on an account of this library. It opens the account that the store holds with the first command that needs it.
 *
 * @example
 * const commands = createSyncCommands({
 *   openStore: async () => openMemoryStore(),
 *   relay: 'wss://relay.example.com',
 *   deviceName: 'laptop',
 *   devicePlatform: 'linux',
 *   platform: nodePlatform(),
 *   showRecoveryPhrase: (phrase) => console.log(phrase),
 * })
 * const { enabled, sync_contacts } = await commands.sync_get_config()
 * enabled // false
 * sync_contacts // true
 * await commands.close()
 */
export function createSyncCommands(options: SyncCommandsOptions): SyncCommandSet {
  const holder = new AccountHolder(options)
  const commands: SyncCommands = {
    ...accountCommands(holder),
    ...configCommands(holder, () => conflictsOf(holder)),
    ...conflictCommands(holder),
    ...queueCommands(holder),
    ...historyCommands(holder),
    ...schedulerCommands(holder),
    ...deviceCommands(holder),
    ...auditCommands(holder),
    ...twoFactorCommands(holder),
  }
  return {
    ...commands,
    async invoke(command, parameters) {
      const name = commandNames.find((each) => each === command)
      if (name === undefined) throw new SyncError('invalid-value', `There is no command “${command}”.`)
      try {
        return await commands[name](inSnakeCase(parameters ?? {}) as never)
      } catch (cause) {
        // What comes through here was checked by no compiler.
        if (!(cause instanceof TypeError)) throw cause
        const message = `A parameter of the command “${command}” is missing, or of another kind than it takes.`
        throw new SyncError('invalid-value', message, { cause })
      }
    },
    subscribe: (listener) => holder.listeners.add(listener),
    account: () => holder.find(),
    close: () => holder.close(),
  }
}

function inSnakeCase(parameters: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const named = Object.entries(parameters).map(([name, value]) => [
    name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value,
  ])
  return Object.fromEntries(named)
}
