// What of the account this device syncs, which other devices hold it, and when those were last heard of.
import type { DocumentCopy } from '@owlivion/sync'
import { useCollectionEnabled, useCopies, useDevices } from '@owlivion/sync-react'
import { Contact, TriangleAlert } from 'lucide-react'
import { nameOfId, nameText, timeText } from '../account/device-text'
import { ErrorNotice } from '../ui/error-notice'
import { useAction } from '../ui/use-action'

export function CopiesSection() {
  return (
    <>
      <h4 className="mt-6 text-sm font-medium">Data</h4>
      <ul aria-label="Data types" className="mt-1 divide-y divide-line">
        <DataType name="contacts" words="Contacts" />
      </ul>
      <h4 className="mt-6 text-sm font-medium">Last heard from</h4>
      <LastHeard />
    </>
  )
}

interface DataTypeProps {
  /** Of the collection. */
  readonly name: string
  readonly words: string
}

function DataType({ name, words }: DataTypeProps) {
  const [isEnabled, setEnabled] = useCollectionEnabled(name)
  const { copies, isOnlyCopy } = useCopies(name)
  const { error, run } = useAction()
  return (
    <li className="py-3">
      <div className="flex items-start gap-3">
        <Contact size={18} aria-hidden="true" className="mt-0.5 shrink-0 text-ink-soft" />
        <div className="min-w-0 flex-1">
          <p className="text-sm font-medium">{words}</p>
          {isOnlyCopy && (
            <p className="mt-0.5 flex items-start gap-1.5 text-[0.8125rem] text-warn">
              <TriangleAlert size={15} aria-hidden="true" className="mt-0.5 shrink-0" />
              No other device has all of it.
            </p>
          )}
          <Copies copies={copies} />
        </div>
        <label className="flex items-center gap-2 text-sm">
          <input
            type="checkbox"
            checked={isEnabled}
            onChange={({ target }) => void run(() => setEnabled(target.checked))}
            className="size-4 accent-accent"
          />
          Sync <span className="sr-only">{words}</span>
        </label>
      </div>
      <ErrorNotice error={error} className="mt-2" />
    </li>
  )
}

function Copies({ copies }: { readonly copies: readonly DocumentCopy[] }) {
  const devices = useDevices()
  if (copies.length === 0) return null
  return (
    <ul className="mt-0.5 text-[0.8125rem] text-ink-soft">
      {copies.map(({ device, isComplete }) => (
        <li key={device}>
          {nameOfId(devices, device)} has {isComplete ? 'all of it' : 'some of it'}
        </li>
      ))}
    </ul>
  )
}

/** By what the devices signed themselves: a relay that holds something back cannot make them look well. */
function LastHeard() {
  const others = useDevices().filter(
    ({ isThisDevice, isRemoved, role }) => !isThisDevice && !isRemoved && role === 'device',
  )
  if (others.length === 0) return <p className="mt-1 text-sm text-ink-soft">There is no other device.</p>
  return (
    <dl className="device-facts mt-1" data-testid="last-heard">
      {others.map((each) => (
        <div key={each.id}>
          <dt>{nameText(each)}</dt>
          <dd>
            {each.lastHeardMs === undefined ? 'nothing yet' : timeText(each.lastHeardMs)}
            {each.isSilent && <span className="text-warn">, is it still in use?</span>}
          </dd>
        </div>
      ))}
    </dl>
  )
}
