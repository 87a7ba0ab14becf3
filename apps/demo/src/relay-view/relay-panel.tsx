// What a device sees and what the relay between the devices holds of it, side by side.
import type { Contact } from '@owlivion/sync/mail'
import { Lock, LockOpen, Server } from 'lucide-react'
import { type ReactNode, useId } from 'react'
import { devices } from '../device/devices'
import { type Inspection, type InspectionResult, keyOf, type SealedEntry, useInspection } from './inspection'
import { useLatestContact } from './latest-contact'

const shownEntries = 8
/** Of each box in the list. From the end of what the relay shows: a box begins with its sender and number, which repeat. */
const loggedBytes = 24
/** Characters of a field: somebody's notes may be pages. */
const longestValue = 160
const number = new Intl.NumberFormat()

export function RelayPanel() {
  const heading = useId()
  const inspection = useInspection()
  return (
    <section aria-labelledby={heading} className="machine">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 px-5 pt-4">
        <Server size={18} aria-hidden="true" className="text-machine-soft" />
        <h2 id={heading} className="font-semibold tracking-tight">
          What the relay holds
        </h2>
        {typeof inspection !== 'string' && <Totals inspection={inspection} />}
      </header>
      <p className="max-w-3xl px-5 pt-1 text-sm text-pretty text-machine-soft">
        It orders sealed boxes, keeps them, and hands them on. Names, addresses and numbers never reach it in the clear,
        and it has no key.
      </p>
      <div className="grid gap-3 p-4 lg:grid-cols-2">
        <PlainRecord />
        <Newest inspection={inspection} />
      </div>
      {typeof inspection !== 'string' && inspection.entries.length > 0 && <Log entries={inspection.entries} />}
    </section>
  )
}

function Totals({ inspection: { totalEntries, totalBytes } }: { readonly inspection: Inspection }) {
  return (
    <p className="ml-auto font-mono text-xs text-machine-soft">
      {number.format(totalEntries)} {totalEntries === 1 ? 'box' : 'boxes'}, {number.format(totalBytes)} bytes
    </p>
  )
}

interface PaneProps {
  readonly icon: ReactNode
  readonly title: string
  readonly children: ReactNode
}

function Pane({ icon, title, children }: PaneProps) {
  return (
    <div className="machine-pane">
      <h3 className="mb-2 flex items-center gap-2 text-[0.8125rem] font-medium text-machine-soft">
        {icon}
        {title}
      </h3>
      {children}
    </div>
  )
}

function PlainRecord() {
  const latest = useLatestContact(devices)
  return (
    <Pane
      icon={<LockOpen size={14} aria-hidden="true" />}
      title={latest ? `One contact, as the ${latest.device.toLowerCase()} sees it` : 'On a device'}
    >
      {latest === undefined ? (
        <p className="text-sm text-machine-soft">No contact yet.</p>
      ) : (
        <pre data-testid="plain" className="plain-record">
          {recordText(latest.contact)}
        </pre>
      )}
    </Pane>
  )
}

function Newest({ inspection }: { readonly inspection: InspectionResult }) {
  const newest = typeof inspection === 'string' ? undefined : inspection.entries[0]
  return (
    <Pane icon={<Lock size={14} aria-hidden="true" />} title="The newest box, as the relay sees it">
      {newest === undefined ? (
        <p className="text-sm text-machine-soft">{emptyText(inspection)}</p>
      ) : (
        <>
          <p data-testid="sealed" key={keyOf(newest)} className="hex fresh">
            {bytesOf(newest.start)}
          </p>
          <p className="mt-2 text-xs leading-relaxed text-pretty text-machine-soft">
            The first {newest.start.length / 2} of {number.format(newest.bytes)} bytes. What it can read is the numbers
            of account, device, document and change, how large the box is, and when it came.
          </p>
        </>
      )}
    </Pane>
  )
}

function emptyText(inspection: InspectionResult): string {
  if (inspection === 'asking') return 'Asking the relay …'
  if (inspection === 'switched-off') return 'This relay does not show what it holds; start it with --inspect.'
  if (inspection === 'unreachable') return 'The relay does not answer.'
  return 'Nothing yet.'
}

function Log({ entries }: { readonly entries: readonly SealedEntry[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: on a narrow screen it scrolls sideways, and the keyboard must be able to
    <section className="overflow-x-auto px-4 pb-4" tabIndex={0} aria-label="The newest boxes">
      <table className="machine-log">
        <thead>
          <tr>
            <th scope="col">Number</th>
            <th scope="col">Document</th>
            <th scope="col">Device</th>
            <th scope="col">Bytes</th>
            <th scope="col">Some of it</th>
          </tr>
        </thead>
        <tbody>
          {entries.slice(0, shownEntries).map((entry) => (
            <tr key={keyOf(entry)} className="fresh">
              <td>{entry.number}</td>
              <td>{entry.document.slice(0, 8)}…</td>
              <td>{entry.device.slice(0, 8)}…</td>
              <td>{number.format(entry.bytes)}</td>
              <td>{bytesOf(entry.start.slice(-loggedBytes * 2))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** A record with one line for each field, its name first. */
function recordText({ name, ...fields }: Contact): string {
  const lines = Object.entries({ name, ...fields }).map(([field, value]) => {
    const text = JSON.stringify(value)
    return `  "${field}": ${text.length > longestValue ? `${text.slice(0, longestValue)} …` : text}`
  })
  return `{\n${lines.join(',\n')}\n}`
}

/** Hex in pairs, as people read it. */
function bytesOf(hex: string): string {
  return hex.replace(/(..)(?=.)/g, '$1 ')
}
