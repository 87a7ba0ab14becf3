// What a device promises when it says that everything is sent.
import { isSyncError } from '@owlivion/sync'
import type { Entry } from './book'
import { describe } from './describe'
import type { SimDevice } from './device'
import { refusalsToSync } from './expected-codes'

export function flush(device: SimDevice): void {
  if (device.sync) expectSent(device, 'flushed', device.sync.flush())
}

export function syncNow(device: SimDevice): void {
  if (device.sync) expectSent(device, 'has synced', device.sync.syncNow())
}

/** What was written before, to what is on all the time, is at the relay when `done` resolves. */
function expectSent({ name, choices, options, life }: SimDevice, what: string, done: Promise<void>): void {
  const { trace, ledger, fail } = options
  const isOn = ({ collection }: Entry): boolean => !choices.isOff(collection)
  const written = ledger.writtenBy(name).filter(isOn)
  const changes = written.map(({ collection }) => choices.changesOf(collection))
  done.then(
    () => {
      if (!life.alive) return
      trace.add(name, what)
      ledger.acknowledged(written.filter(({ collection }, at) => choices.changesOf(collection) === changes[at]))
    },
    (error: unknown) => {
      if (life.alive && !(isSyncError(error) && refusalsToSync.has(error.code)))
        fail(`${name}, where it should have "${what}": ${describe(error)}`)
    },
  )
}
