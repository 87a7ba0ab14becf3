// A wall that cannot fail is a drawing of a wall. Each one is shown a house that breaks it, and one that does not.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const project = fileURLToPath(new URL('../../..', import.meta.url))

/** Builds a house of the given files and answers what the walls say about it, as `rule: file`. */
function violations(files: Record<string, string>): string[] {
  const house = mkdtempSync(join(tmpdir(), 'owlivion-walls-'))
  onTestFinished(() => rmSync(house, { recursive: true, force: true }))
  for (const name of ['.dependency-cruiser.cjs', 'tsconfig.base.json', 'package.json'])
    cpSync(join(project, name), join(house, name))
  symlinkSync(join(project, 'node_modules'), join(house, 'node_modules'))
  for (const name of ['protocol', 'core', 'relay', 'react', 'simulator']) {
    mkdirSync(join(house, 'packages', name), { recursive: true })
    cpSync(join(project, 'packages', name, 'package.json'), join(house, 'packages', name, 'package.json'))
    symlinkSync(join(project, 'packages', name, 'node_modules'), join(house, 'packages', name, 'node_modules'))
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(house, path)), { recursive: true })
    writeFileSync(join(house, path), text)
  }
  const cruiser = join(project, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  const { stdout, stderr } = spawnSync(process.execPath, [cruiser, 'packages', '--output-type', 'json'], {
    cwd: house,
    encoding: 'utf8',
  })
  if (stdout === '') throw new Error(stderr)
  const { summary } = JSON.parse(stdout) as { summary: { violations: { rule: { name: string }; from: string }[] } }
  return summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`)
}

const core = 'packages/core/src'

test('a house whose arrows all point forward stands', () => {
  expect(
    violations({
      [`${core}/errors.ts`]: 'export const error = 1',
      [`${core}/yjs.ts`]: "export * from 'yjs'",
      [`${core}/platform/platform.ts`]: 'export interface Platform {}',
      [`${core}/platform/node.ts`]: "import 'node:fs'\nexport type { Platform } from './platform'",
      [`${core}/crypto/index.ts`]: "import 'tweetnacl'\nexport * from './seal'",
      [`${core}/crypto/seal.ts`]: "import '../errors'\nexport const seal = 1",
      [`${core}/document/index.ts`]: "import '../crypto/index'\nimport '../yjs'\nexport const documents = 1",
      [`${core}/storage/sqlite.ts`]: "import 'better-sqlite3'\nimport 'node:path'\nimport '../document/index'",
      [`${core}/client.ts`]: "import './document/index'\nimport './crypto'",
      [`${core}/index.ts`]: "export * from './client'",
      'packages/protocol/src/index.ts': "import 'lib0/encoding'",
      'packages/relay/src/index.ts': "import 'ws'\nimport 'node:http'",
    }),
  ).toEqual([])
})

test('every wall names the file that breaks it', () => {
  const broken = violations({
    [`${core}/errors.ts`]: "import './document/index'",
    [`${core}/yjs.ts`]: "export * from 'yjs'",
    [`${core}/platform/node.ts`]: "import '../storage/index'",
    [`${core}/crypto/index.ts`]: "import type { documents } from '../document/index'\nexport type D = typeof documents",
    [`${core}/crypto/circle.ts`]: "import './circle-back'",
    [`${core}/crypto/circle-back.ts`]: "import './circle'",
    [`${core}/document/index.ts`]: "import 'yjs'\nexport const documents = 1",
    [`${core}/document/inner.ts`]: 'export const inner = 1',
    [`${core}/storage/index.ts`]: "import '../document/inner'\nimport 'node:fs'\nimport 'better-sqlite3'",
    [`${core}/sync/index.ts`]: "import '../mail/index'\nimport '../client'",
    [`${core}/mail/index.ts`]: "import '../testing/index'\nimport '../nowhere'",
    [`${core}/testing/index.ts`]: 'export const tools = 1',
    [`${core}/client.ts`]: "import './document/inner'\nimport 'fake-indexeddb'",
    [`${core}/server.ts`]: "import '../../relay/src/index'",
    [`${core}/tested.ts`]: "import '../test/helper'",
    'packages/core/test/helper.ts': 'export const helper = 1',
    'packages/protocol/src/index.ts': "import 'node:fs'",
    'packages/protocol/src/document.ts': "import '../../core/src/document/index'",
    'packages/relay/src/index.ts': 'export const relay = 1',
    'packages/relay/src/reader.ts': "import '../../core/src/crypto/index'",
    'packages/react/src/index.ts': "import '../../relay/src/index'",
  })
  expect(broken.sort()).toEqual(
    [
      `core-ground-knows-nothing-above: ${core}/errors.ts`,
      `core-ground-knows-nothing-above: ${core}/platform/node.ts`,
      `core-crypto-has-no-back-arrow: ${core}/crypto/index.ts`,
      `no-circle: ${core}/crypto/circle-back.ts`,
      `yjs-through-one-door: ${core}/document/index.ts`,
      `core-folder-has-one-door: ${core}/storage/index.ts`,
      `core-runs-anywhere: ${core}/storage/index.ts`,
      `core-runs-anywhere-packages: ${core}/storage/index.ts`,
      `core-sync-has-no-back-arrow: ${core}/sync/index.ts`,
      `core-sync-has-no-back-arrow: ${core}/sync/index.ts`,
      `core-mail-has-no-back-arrow: ${core}/mail/index.ts`,
      `no-app-carries-test-tools: ${core}/mail/index.ts`,
      `resolvable: ${core}/mail/index.ts`,
      `core-folder-has-one-door-from-the-top: ${core}/client.ts`,
      `declared-dependency: ${core}/client.ts`,
      `core-stands-alone: ${core}/server.ts`,
      `source-knows-no-test: ${core}/tested.ts`,
      'protocol-knows-only-lib0: packages/protocol/src/index.ts',
      'protocol-knows-only-lib0: packages/protocol/src/document.ts',
      'relay-opens-nothing: packages/relay/src/reader.ts',
      'react-is-a-thin-layer: packages/react/src/index.ts',
    ].sort(),
  )
})
