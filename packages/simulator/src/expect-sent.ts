// What a device promises when it says that everything is sent.
import type { Entry } from './book'
import { describe } from './describe'
import type { SimDevice } from './device'
import { isExpectedRefusal } from './expected-codes'

export function flush(device: SimDevice): void {
  if (device.sync) expectSent(device, 'flushed', device.sync.flush())
}

export function syncNow(device: SimDevice): void {
  if (device.sync) expectSent(device, 'has synced', device.sync.syncNow())
}

/** What was written before, to what is on all the time, is at the relay when `done` resolves. */
function expectSent(device: SimDevice, what: string, done: Promise<void>): void {
  const { name, choices, options, life } = device
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
      if (life.alive && !isExpectedRefusal(device, error))
        fail(`${name}, where it should have "${what}": ${describe(error)}`)
    },
  )
}
