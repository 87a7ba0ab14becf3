// The relay's record of what happened to the account, verified by this device against what it has seen of it before.
import { type AuditEntry, type AuditKind, type AuditOptions, type AuditReport, auditKinds } from '@owlivion/sync'
import { useDevices, useSync, useSyncStatus } from '@owlivion/sync-react'
import { Download, RefreshCw, TriangleAlert } from 'lucide-react'
import { useCallback, useEffect, useId, useMemo, useState } from 'react'
import { Button } from '../ui/button'
import { ErrorNotice } from '../ui/error-notice'
import { Notice } from '../ui/notice'
import { saveFile } from '../ui/save-file'
import { useAction } from '../ui/use-action'
import { exactTimeText, nameText } from './device-text'
import { kindText } from './kind-text'
import { SectionTitle } from './section-title'

/** Rows drawn at first and added by each "show more". */
const ROWS = 100

export function SecurityLog({ deviceName }: { readonly deviceName: string }) {
  const sync = useSync()
  const { connection } = useSyncStatus()
  const devices = useDevices()
  const reading = useAction()
  const saving = useAction()
  const [kind, setKind] = useState<AuditKind | ''>('')
  const [device, setDevice] = useState('')
  const [report, setReport] = useState<AuditReport>()
  const options = useMemo<AuditOptions>(
    () => ({ ...(kind !== '' && { kinds: [kind] }), ...(device !== '' && { device }) }),
    [kind, device],
  )
  const { run } = reading
  const read = useCallback(() => run(async () => setReport(await sync.audit(options))), [sync, run, options])
  useEffect(() => {
    if (connection === 'online') void read()
  }, [connection, read])
  const save = async () => {
    const isSaved = await saving.run(async () =>
      saveFile('security-log.csv', 'text/csv', await sync.exportAudit(options)),
    )
    // That it was exported stands in the log.
    if (isSaved) await read()
  }
  return (
    <>
      <SectionTitle>Security log</SectionTitle>
      <p className="mt-1 text-sm text-pretty text-ink-soft">
        Written by the relay. This device remembers what it has seen of it, and misses every row that is changed or
        dropped afterwards.
      </p>
      {report !== undefined && <Problems report={report} />}
      <div className="mt-3 flex flex-wrap items-end gap-2">
        <Filter
          label="Event"
          value={kind}
          choices={auditKinds.map((each) => [each, kindText(each)])}
          onChoose={(value) => setKind(value as AuditKind | '')}
        />
        <Filter
          label="Device"
          value={device}
          choices={devices.map((each) => [each.id, nameText(each)])}
          onChoose={setDevice}
        />
        <Button icon={<RefreshCw size={15} />} disabled={reading.isBusy} onClick={() => void read()}>
          Read again
        </Button>
        <Button icon={<Download size={15} />} disabled={saving.isBusy} onClick={() => void save()}>
          Save as CSV
        </Button>
      </div>
      {connection !== 'online' && (
        <p className="mt-3 text-sm text-ink-soft">The log is read while this device is online.</p>
      )}
      <ErrorNotice error={reading.error ?? saving.error} />
      {report !== undefined && (
        <>
          <Counts report={report} />
          <Table label={`Events, as the ${deviceName} reads them`} entries={report.entries} />
        </>
      )}
    </>
  )
}

function Problems({ report: { problems } }: { readonly report: AuditReport }) {
  if (problems.length === 0) return null
  return (
    <Notice
      tone="danger"
      role="alert"
      className="mt-3"
      title={
        <span className="flex items-center gap-2 text-base font-semibold text-danger">
          <TriangleAlert size={18} aria-hidden="true" />
          The log is not as it was
        </span>
      }
    >
      <ul className="list-disc pl-4">
        {problems.map(({ code, row, message }) => (
          <li key={`${code} ${row}`}>{message}</li>
        ))}
      </ul>
      <p className="mt-1">
        Ask whoever runs the relay. Until it is explained, do not rely on the rows that are marked.
      </p>
    </Notice>
  )
}

interface FilterProps {
  readonly label: string
  readonly value: string
  readonly choices: readonly (readonly [value: string, words: string])[]
  readonly onChoose: (value: string) => void
}

function Filter({ label, value, choices, onChoose }: FilterProps) {
  const id = useId()
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="field-label">
        {label}
      </label>
      <select
        id={id}
        value={value}
        onChange={({ target }) => onChoose(target.value)}
        className="field h-9 max-w-44 text-ellipsis"
      >
        <option value="">All</option>
        {choices.map(([each, words]) => (
          <option key={each} value={each}>
            {words}
          </option>
        ))}
      </select>
    </div>
  )
}

function Counts({ report: { entries, statistics } }: { readonly report: AuditReport }) {
  const counts = Object.entries(statistics.byKind) as [AuditKind, number][]
  return (
    <p role="status" data-testid="counts" className="mt-3 text-sm text-ink-soft">
      <span className="font-medium text-ink">
        {entries.length} {entries.length === 1 ? 'event' : 'events'}
      </span>
      {counts.map(([kind, count]) => ` · ${count} ${kindText(kind).toLowerCase()}`)}
    </p>
  )
}

function Table({ label, entries }: { readonly label: string; readonly entries: readonly AuditEntry[] }) {
  const [limit, setLimit] = useState(ROWS)
  const newest = entries.slice(-limit).reverse()
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: on a narrow screen it scrolls sideways, and the keyboard must be able to
    <section aria-label={label} tabIndex={0} className="mt-2 overflow-x-auto">
      <table className="log-table">
        <thead>
          <tr>
            <th scope="col">Number</th>
            <th scope="col">Event</th>
            <th scope="col">Device</th>
            <th scope="col">Affected</th>
            <th scope="col">When</th>
            <th scope="col">From</th>
            <th scope="col">More</th>
          </tr>
        </thead>
        <tbody>
          {newest.map((entry, index) => (
            // A row that stands twice has one number twice.
            // biome-ignore lint/suspicious/noArrayIndexKey: see above
            <tr key={`${entry.n} ${index}`} data-verified={entry.isVerified}>
              <td>{entry.n}</td>
              <td>
                {kindText(entry.kind)}
                {!entry.isVerified && <span className="not-verified">Not verified</span>}
              </td>
              <td>{entry.device === undefined ? '' : (entry.deviceName ?? entry.device.slice(0, 8))}</td>
              <td>{entry.target === undefined ? '' : (entry.targetName ?? entry.target.slice(0, 8))}</td>
              <td>{exactTimeText(entry.timeMs)}</td>
              <td>{entry.address}</td>
              <td>{entry.detail}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {entries.length > limit && (
        <Button className="mt-2" onClick={() => setLimit(limit + ROWS)}>
          Show more
        </Button>
      )}
    </section>
  )
}
