// Serves the files of a built app from the relay's own origin, so that one process and one address are a whole installation.
import { readFile, realpath, stat } from 'node:fs/promises'
import { extname, join, resolve, sep } from 'node:path'

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.vcf': 'text/vcard; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
}

/** A name with a hash in it never has other content: `index-B4x_9aQz.js`. */
const HASHED_NAME = /[.-][\w-]{8,}\.\w+$/
const HASHED_FOLDER = '/assets/'

export interface StaticFile {
  readonly body: Uint8Array<ArrayBuffer>
  readonly contentType: string
  readonly cacheControl: string
}

export type StaticFiles = (urlPath: string) => Promise<StaticFile | undefined>

/** @returns a function from the path of a URL to the file, or to index.html where the path is the app's own */
export async function openStaticFiles(folder: string): Promise<StaticFiles> {
  const root = await realpath(resolve(folder))

  async function read(path: string, cacheControl: string): Promise<StaticFile | undefined> {
    try {
      // Links are followed before the place is checked, so that none leads out of the folder.
      const real = await realpath(path)
      if (real !== root && !real.startsWith(root + sep)) return undefined
      if (!(await stat(real)).isFile()) return undefined
      const contentType = contentTypes[extname(real).toLowerCase()] ?? 'application/octet-stream'
      return { body: new Uint8Array(await readFile(real)), contentType, cacheControl }
    } catch {
      // Missing or unreadable is the same to somebody who asks from outside.
      return undefined
    }
  }

  return async (urlPath) => {
    let path: string
    try {
      path = decodeURIComponent(urlPath)
    } catch {
      return undefined
    }
    if (path.includes('\0') || path.includes('\\')) return undefined
    const isHashed = path.startsWith(HASHED_FOLDER) && HASHED_NAME.test(path)
    const file = await read(join(root, path), isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
    if (file !== undefined) return file
    const isAppPath = extname(path) === ''
    return isAppPath ? read(join(root, 'index.html'), 'no-cache') : undefined
  }
}
