// Real address books and provider settings lie beside the project, never in it. A test that needs them is skipped, loudly,
// where they are missing. The other reasons for a skip are a machine without Chromium and one where no disk may be mounted.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = process.env.OWLIVION_SHARED_DATA ?? fileURLToPath(new URL('../../shared/data', import.meta.url))

/** The path of a file or folder of the shared input, whether it is there or not. */
export function sharedData(path: string): string {
  return join(folder, path)
}

/** For `describe.skipIf(!hasSharedData('vcards'))`. */
export function hasSharedData(path: string): boolean {
  return existsSync(sharedData(path))
}
