// Memory grows with what is written and not with time, and what was closed leaves nothing behind. In a process of its own, whose heap is its own.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import type { EditingMemory, IdleMemory } from '../../../apps/bench/src/besides/memory'

const script = fileURLToPath(new URL('../../../apps/bench/src/besides/memory.ts', import.meta.url))

/** One item of Yjs and what indexes it; what else an edit needs on its way is gone when it is stored. */
const MAX_BYTES_PER_EDIT = 4_000
/** Code that the engine compiles meanwhile, and what its caches keep; a frame kept for each heartbeat of half an hour is more for every device. */
const SLACK_BYTES = 4_000_000
/**
 * Of a device that was closed: the two public keys of its account, of which the relay remembers 4,096 because reading one costs as much as
 * verifying with it, and a share of what the engine compiled meanwhile.
 */
const MAX_LEFT_BYTES = 3_500

it('an hour of edits on a large book, and a relay with many idle devices, keep a flat heap and let go of what is closed', async () => {
  const flags = ['--conditions=@owlivion/source', '--import', 'tsx', script, '10000', '1000']
  const { stdout } = await promisify(execFile)(process.execPath, flags)
  const { editing, idle } = JSON.parse(stdout) as { readonly editing: EditingMemory; readonly idle: IdleMemory }
  expect(editing.bytesPerEdit).toBeLessThan(MAX_BYTES_PER_EDIT)
  expect(editing.idleBytes).toBeLessThan(SLACK_BYTES)
  expect(idle.grownPerDevice * idle.devices).toBeLessThan(SLACK_BYTES)
  expect(idle.leftPerDevice).toBeLessThan(MAX_LEFT_BYTES)
  expect(idle).toMatchObject({ timersLeft: 0, connectionsLeft: 0, accountsLeft: 0 })
}, 900_000)
