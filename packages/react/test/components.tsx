// Components that draw what the hooks answer as text, and report what a text does not show.
import type { Collection, SyncError, SyncStatus } from '@owlivion/sync'
import { memo } from 'react'
import {
  type RecordEntry,
  useCollection,
  useConflicts,
  useDeletedIds,
  useRecord,
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

export function Failure({ onDraw }: { readonly onDraw: (error: SyncError | undefined) => void }) {
  const { ready, error } = useCollection<Person>('people')
  onDraw(error)
  return String(ready)
}

export function Lost() {
  return useSync().accountId
}
