// One thing that a person does about the keys of the account, with what may come of it.
import { isSyncError, type SyncError } from '@owlivion/sync'
import type { Life } from './clock'
import type { Trace } from './trace'

export type PhraseChange = 'with the old one' | 'without it'
export type RequestAnswer = 'approve' | 'veto'

/** The app was closed, somebody else was first, or the device is out itself: a person looks again. */
const refusals = new Set<SyncError['code']>([
  'closed',
  'device-removed',
  'device-unknown',
  'keyring-refused',
  'keyring-conflict',
  'reissue-early',
  'storage-failed',
  'unsent-edits',
  'wrong-account',
])

export interface KeyStep<T> {
  readonly name: string
  readonly trace: Trace
  readonly life: Life
  readonly what: string
  readonly fail: (reason: string) => void
  readonly act: () => Promise<T>
  readonly done: ((result: T) => void) | undefined
  readonly refused: (() => void) | undefined
}

export function takeKeyStep<T>({ name, trace, life, what, fail, act, done, refused }: KeyStep<T>): void {
  trace.add(name, what)
  act().then(
    (result) => {
      trace.add(name, `${what}: done`)
      done?.(result)
    },
    (error: unknown) => {
      if (!life.alive) return
      if (!isSyncError(error) || !refusals.has(error.code)) fail(`${name} ${what}: ${String(error)}`)
      trace.add(name, `${what}: ${isSyncError(error) ? error.code : 'fails'}`)
      refused?.()
    },
  )
}
