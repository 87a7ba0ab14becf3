// The second factor of the password. The relay asks for it; it comes with the library of password sign-in, loaded when it is first needed.
import type { AccountHolder } from './account-holder'
import type { SyncCommands } from './signatures'
import { isoTime } from './times'

type TwoFactorCommands = Pick<
  SyncCommands,
  'sync_get_2fa_status' | 'sync_setup_2fa' | 'sync_enable_2fa' | 'sync_disable_2fa'
>

/** What an authenticator app shows beside the service's name when the address was typed in an earlier run of the client. */
const LABEL = 'Owlivion Mail'

export function twoFactorCommands(holder: AccountHolder): TwoFactorCommands {
  return {
    async sync_get_2fa_status() {
      const sync = await holder.connected()
      const { signInState } = await import('../password')
      const { hasTwoFactor, backupCodes } = await signInState(sync)
      const since = hasTwoFactor ? (await sync.audit({ kinds: ['two-factor-enabled'] })).entries.at(-1) : undefined
      return {
        enabled: hasTwoFactor,
        enabled_at: since === undefined ? null : isoTime(since.timeMs),
        backup_codes_remaining: backupCodes,
      }
    },

    async sync_setup_2fa() {
      const sync = await holder.connected()
      const { beginTwoFactor } = await import('../password')
      const { secret, uri } = await beginTwoFactor(sync, holder.email ?? LABEL)
      return { secret, qr_code_url: uri, manual_entry_key: secret }
    },

    async sync_enable_2fa({ token }) {
      const sync = await holder.connected()
      const { confirmTwoFactor } = await import('../password')
      return [...(await confirmTwoFactor(sync, token))]
    },

    async sync_disable_2fa({ password, token }) {
      const sync = await holder.connected()
      const { disableTwoFactor } = await import('../password')
      await disableTwoFactor(sync, { password, code: token })
    },
  }
}
