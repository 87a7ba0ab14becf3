// What an app in a browser loads of this package: the client and its store, as a bundler of today writes it.
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

export interface BundleFigures {
  /** What the app loads to open or make an account. */
  readonly firstBytes: number
  /** What is loaded on demand. */
  readonly laterBytes: number
  /** Of both before they are compressed, from 0 to 1: what is Yjs, NaCl and other packages. */
  readonly packagesShare: number
}

const app = `
import { createAccount, joinAccount, openAccount } from '@owlivion/sync'
import { openIndexedDbStore } from '@owlivion/sync/indexeddb'
Object.assign(globalThis, { createAccount, joinAccount, openAccount, openIndexedDbStore })
`

export async function measureBundle(): Promise<BundleFigures> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: app, resolveDir: fileURLToPath(new URL('../../', import.meta.url)), sourcefile: 'app.js' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    splitting: true,
    metafile: true,
    write: false,
    outdir: 'bundle',
    conditions: ['@owlivion/source'],
    logLevel: 'error',
  })
  // A chunk that the entry imports is loaded with it.
  const outputs = new Map(Object.entries(metafile.outputs))
  const [entry] = [...outputs].filter(([, { entryPoint }]) => entryPoint?.endsWith('app.js'))
  const first = new Set<string>(entry === undefined ? [] : [entry[0]])
  for (const path of first)
    for (const { path: imported, kind } of outputs.get(path)?.imports ?? [])
      if (kind === 'import-statement') first.add(imported)
  let firstBytes = 0
  let laterBytes = 0
  for (const { path, contents } of outputFiles) {
    const bytes = gzipSync(contents, { level: 9 }).length
    if ([...first].some((each) => path.endsWith(each))) firstBytes += bytes
    else laterBytes += bytes
  }
  if (firstBytes === 0) throw new Error('The bundle has no entry.')
  const inputs = [...outputs.values()].flatMap((output) => Object.entries(output.inputs))
  const sum = (of: typeof inputs): number => of.reduce((bytes, [, { bytesInOutput }]) => bytes + bytesInOutput, 0)
  const packagesShare = sum(inputs.filter(([path]) => path.includes('node_modules/'))) / sum(inputs)
  return { firstBytes, laterBytes, packagesShare }
}
