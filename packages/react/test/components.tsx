// Components that draw what the hooks answer as text, and report what a text does not show.
import type { Collection, DeviceDetails, SyncError, SyncSchedule, SyncStatus } from '@owlivion/sync'
import { memo } from 'react'
import {
  type PairingSide,
  type RecordEntry,
  useCollection,
  useCollectionEnabled,
  useConflicts,
  useCopies,
  useDeletedIds,
  useDevices,
  useNetworkReturn,
  usePairingState,
  useRecord,
  useReissue,
  useSchedule,
  useSync,
  useSyncStatus,
} from '../src/index'

export type Person = { readonly name: string; readonly phone?: string }
export type People = readonly RecordEntry<Person>[]

export function Names({ onDraw }: { readonly onDraw?: (people: People) => void }) {
  const { records, ready } = useCollection<Person>('people')
  onDraw?.(records)
  return ready ? records.map(([id, { name }]) => `${id}=${name};`).join('') : 'opening'
}

interface RowProps {
  readonly entry: RecordEntry<Person>
  readonly onDrawRow: (id: string) => void
}
const Row = memo(function Row({ entry: [id, { name }], onDrawRow }: RowProps) {
  onDrawRow(id)
  return name
})
export function Rows({ onDrawRow }: Pick<RowProps, 'onDrawRow'>) {
  return useCollection<Person>('people').records.map((entry) => (
    <Row key={entry[0]} entry={entry} onDrawRow={onDrawRow} />
  ))
}

interface OneProps {
  readonly people: Collection<Person> | undefined
  readonly id: string
  readonly onDraw?: () => void
}
export function One({ people, id, onDraw }: OneProps) {
  onDraw?.()
  return useRecord(people, id)?.name ?? 'nobody'
}

export function Deleted() {
  return useDeletedIds(useCollection<Person>('people').collection).join()
}

export function Conflicts() {
  return useConflicts(useCollection<Person>('people').collection)
    .map(({ field, candidates }) => `${field}: ${candidates.map(({ value }) => value).join(' or ')}`)
    .join()
}

export function Status({ onDraw }: { readonly onDraw?: (status: SyncStatus) => void }) {
  const status = useSyncStatus()
  onDraw?.(status)
  return `${status.connection} ${status.state} ${status.unsent}`
}

export function Devices({ onDraw }: { readonly onDraw?: (devices: readonly DeviceDetails[]) => void }) {
  const devices = useDevices()
  onDraw?.(devices)
  return devices
    .map(
      ({ name, isThisDevice, isRemoved }) => `${name}${isThisDevice ? ' (this)' : ''}${isRemoved ? ' (removed)' : ''};`,
    )
    .join('')
}

export function Schedule({ onDraw }: { readonly onDraw?: (schedule: SyncSchedule) => void }) {
  const schedule = useSchedule()
  useNetworkReturn()
  onDraw?.(schedule)
  return `${schedule.mode} ${schedule.isPaused ? 'paused' : 'going on'}`
}

export function Enabled() {
  const [isEnabled] = useCollectionEnabled('people')
  return isEnabled ? 'on' : 'off'
}

export function Copies() {
  const { copies, isOnlyCopy } = useCopies('people')
  const told = copies.map(({ isComplete }) => (isComplete ? 'all' : 'some'))
  return `${isOnlyCopy ? 'only here' : 'elsewhere'} ${told.join()}`
}

export function Request() {
  const request = useReissue()
  if (request === undefined) return 'nobody asks'
  return request.isMine ? 'I ask' : 'another asks'
}

export function Pairing({ side }: { readonly side: PairingSide }) {
  return usePairingState(side)
}

export function Failure({ onDraw }: { readonly onDraw: (error: SyncError | undefined) => void }) {
  const { ready, error } = useCollection<Person>('people')
  onDraw(error)
  return String(ready)
}

export function Lost() {
  return useSync().accountId
}
