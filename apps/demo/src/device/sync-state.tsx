// How far this device's edits have come, as three stations and in words.
import { useSyncStatus } from '@owlivion/sync-react'
import { HardDrive, MonitorSmartphone, Server } from 'lucide-react'

const stations = [
  { state: 'local', words: 'Kept on this device', icon: HardDrive },
  { state: 'stored', words: 'Stored by the relay', icon: Server },
  { state: 'seen', words: 'Seen by another device', icon: MonitorSmartphone },
] as const

export function SyncState() {
  const { state, unsent, storage, refusal, documents } = useSyncStatus()
  const reached = stations.findIndex((station) => station.state === state)
  const problem = storage ?? refusal ?? Object.values(documents).find(({ refused }) => refused)?.refused
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <div className="flex items-center" aria-hidden="true">
        {stations.map(({ state: name, icon: Icon }, index) => (
          <span key={name} className="flex items-center">
            {index > 0 && <span className="station-line" data-reached={index <= reached} />}
            <span className="station" data-reached={index <= reached} data-waiting={index === 0 && unsent > 0}>
              <Icon size={13} />
            </span>
          </span>
        ))}
      </div>
      <p role="status" data-state={state} className="text-[0.8125rem] text-ink-soft">
        {unsent > 0 ? waiting(unsent) : stations[reached]?.words}
      </p>
      {problem !== undefined && (
        <p role="alert" className="text-[0.8125rem] font-medium text-danger">
          {problem.message} {problem.action}
        </p>
      )}
    </div>
  )
}

function waiting(unsent: number): string {
  return `Kept on this device, ${unsent} ${unsent === 1 ? 'change' : 'changes'} not sent`
}
