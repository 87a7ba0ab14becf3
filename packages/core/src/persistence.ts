// Asks the platform to keep what an account stores.
import { browserPlatform, type Platform } from './platform'

/**
 * Asks the browser not to clear by itself what this site stores: otherwise it may do so when room gets short, and some do after a week in which
 * nobody came by. Some browsers ask the person; call it when that makes sense to them, as after the account was made.
 * @param platform default: the browser's
 * @returns whether it is granted; undefined where there is nothing to ask for, as in Node
 *
 * @example
 * if ((await requestPersistentStorage()) === false) console.warn('The browser may clear this device’s copy; keep another device.')
 */
export async function requestPersistentStorage(platform: Platform = browserPlatform()): Promise<boolean | undefined> {
  const { persistence } = platform
  if (persistence === undefined) return undefined
  return (await persistence.isGranted()) || (await persistence.request())
}
