// What a person does about the keys of the account, one thing at a time, with what may come of it.
import { isSyncError, type Sync, type SyncError } from '@owlivion/sync'
import type { Life } from './clock'
import { deviceNameOf } from './enter-account'
import type { Phrases } from './phrases'
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

/** A device that is in the account, and whose person may change who else is. */
export interface KeyHolder {
  readonly name: string
  readonly sync: Sync
  readonly phrases: Phrases
  readonly fail: (reason: string) => void
  readonly step: <T>(what: string, act: () => Promise<T>, done?: (result: T) => void) => void
}

/** Locks out these devices, or all others when none is named. */
export function removeDevices({ name: self, sync, fail, step }: KeyHolder, names: readonly string[]): void {
  const ids = sync
    .devices()
    .filter((each) => !each.isThisDevice && !each.isRemoved)
    .filter(({ name }) => names.length === 0 || names.some((wanted) => name === deviceNameOf(wanted)))
    .map(({ id }) => id)
  if (ids.length === 0) return
  step(
    'removes devices',
    () => sync.removeDevices(ids),
    () => {
      const isOut = (id: string) => sync.devices().find((each) => each.id === id)?.isRemoved
      if (!ids.every(isOut)) fail(`${self} said that it had removed devices, and had not`)
    },
  )
}

export function rotateKeys({ sync, step }: KeyHolder): void {
  step('rotates keys', () => sync.rotateKeys())
}

/** Asks for a new recovery phrase, and writes it down when it is told. */
export function replacePhrase({ name, sync, phrases, step }: KeyHolder, how: PhraseChange): void {
  if (!phrases.exist) return
  if (how === 'without it') phrases.askedOn.add(name)
  const ask = () =>
    how === 'without it' ? sync.requestReissue() : sync.reissuePhrase({ recoveryPhrase: phrases.all[0] as string })
  step(`wants a new phrase ${how}`, ask, (phrase) => phrases.write(phrase))
}

export function answerRequest({ sync, step }: KeyHolder, how: RequestAnswer): void {
  if (sync.reissue === undefined) return
  step(`${how}s a new phrase`, () => (how === 'veto' ? sync.vetoReissue() : sync.approveReissue()))
}
