import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TemporaryFolder {
  readonly path: string
  pathOf(name: string): string
  remove(): void
}

export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'owlivion-bench-'))
  return { path, pathOf: (name) => join(path, name), remove: () => rmSync(path, { recursive: true }) }
}
