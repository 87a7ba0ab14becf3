/**
 * Password sign-in, two-factor and passkeys. Loaded on its own: OPAQUE is 153 KB of WebAssembly.
 * @module
 */
export { addPasskey, removePasskey, signInWithPasskey } from './passkeys'
export { changePassword, type PasswordOptions, registerPassword, removePassword } from './register'
export { type SignInOptions, signIn } from './sign-in'
export { type PasskeyDetails, type SignInState, signInState } from './state'
export {
  beginTwoFactor,
  confirmTwoFactor,
  deleteAccountWithPassword,
  disableTwoFactor,
  newBackupCodes,
  type PasswordAndCode,
  type TwoFactorOffer,
  unlockSignIn,
} from './two-factor'
