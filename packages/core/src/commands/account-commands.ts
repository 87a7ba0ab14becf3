// Coming into an account and going out of it. What proves a password is loaded with the first one that is typed.
import { createAccount } from '../accounts'
import type { Sync } from '../client'
import { isSyncError, SyncError } from '../errors'
import type { AccountHolder } from './account-holder'
import type { SyncCommands } from './signatures'

type AccountCommands = Pick<SyncCommands, 'sync_register' | 'sync_login' | 'sync_logout' | 'sync_verify_2fa'>

/** A sign-in that waits for its second factor. */
interface PendingSignIn {
  readonly email: string
  readonly password: string
  readonly untilMs: number
}

/** A password is kept in memory for this long, for the code to be typed. */
const CODE_WITHIN_MS = 600_000

export function accountCommands(holder: AccountHolder): AccountCommands {
  const { options, platform } = holder
  let pending: PendingSignIn | undefined

  const signIn = async (email: string, password: string, code: string | undefined): Promise<Sync> => {
    const { signIn: enter } = await import('../password')
    const sync = await holder.adopt((store) =>
      enter({ ...device(holder), store, email, password, ...codeOf(code, options.askCode) }),
    )
    holder.email = email
    return sync
  }

  return {
    async sync_register(parameters) {
      const { email, password } = parameters
      holder.noticeMasterPassword('sync_register', parameters)
      const { registerPassword } = await import('../password')
      const present = await holder.find()
      if (present !== undefined) {
        // Registering broke off between the account and its password.
        await holder.connected()
        await refuseSecondPassword(present)
        await registerPassword(present, { email, password })
      } else {
        await holder.adopt(async (store) => {
          const { sync, recoveryPhrase } = await createAccount({ ...device(holder), store })
          try {
            await sync.syncNow()
            await registerPassword(sync, { email, password })
          } catch (error) {
            await undo(sync, recoveryPhrase)
            throw error
          }
          await options.showRecoveryPhrase(recoveryPhrase)
          return sync
        })
      }
      holder.email = email
    },

    async sync_login({ email, password }) {
      pending = undefined
      try {
        await signIn(email, password, undefined)
      } catch (error) {
        if (isSyncError(error, 'code-required') && options.askCode === undefined)
          pending = { email, password, untilMs: platform.now() + CODE_WITHIN_MS }
        throw error
      }
    },

    async sync_verify_2fa({ email, token, remember_device }) {
      holder.notice(
        'sync_verify_2fa',
        'remember_device',
        remember_device,
        'A device that is in the account stays in it.',
      )
      const waiting = pending
      if (waiting === undefined || waiting.email !== email || waiting.untilMs < platform.now()) {
        pending = undefined
        throw new SyncError('code-required', 'No sign-in waits for a code: sign in with the password first.')
      }
      const sync = await signIn(email, waiting.password, token)
      pending = undefined
      const { signInState } = await import('../password')
      await holder.connected()
      const { backupCodes } = await signInState(sync)
      return {
        success: true,
        backup_code_used: !/^\d{6}$/.test(token.replaceAll(/\s/g, '')),
        remaining_backup_codes: backupCodes,
      }
    },

    async sync_logout({ discard_unsent = false } = {}) {
      pending = undefined
      await holder.inTurn(async () => {
        const sync = await holder.find()
        if (sync === undefined) return
        const { refusal, connection } = sync.status
        const isOut =
          connection === 'removed' || refusal?.code === 'device-removed' || refusal?.code === 'account-deleted'
        if (!isOut) await sync.signOut({ discardUnsent: discard_unsent })
        else if (sync.status.unsent === 0 || discard_unsent) await sync.wipe()
        else throw new SyncError('unsent-edits', 'There are edits that no relay has stored, and none will.')
        holder.forget()
      })
    },
  }
}

function device({ options, platform }: AccountHolder) {
  const { relay, deviceName, devicePlatform } = options
  return { platform, relay, deviceName, ...(devicePlatform !== undefined && { devicePlatform }) }
}

function codeOf(code: string | undefined, askCode: (() => Promise<string | undefined>) | undefined) {
  const source = code ?? askCode
  return source === undefined ? {} : { code: source }
}

async function refuseSecondPassword(sync: Sync): Promise<void> {
  const { signInState } = await import('../password')
  if ((await signInState(sync)).hasPassword)
    throw new SyncError('profile-exists', 'This device is in an account that has a password; sign out first.')
}

/** Of an account that got no password, nothing is to be left: nobody was shown its phrase. */
async function undo(sync: Sync, recoveryPhrase: string): Promise<void> {
  if (sync.status.connection === 'online') await sync.deleteAccount({ recoveryPhrase }).catch(() => {})
  await sync.wipe()
}
