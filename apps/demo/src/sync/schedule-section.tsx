// When the device syncs: chosen here, kept on the device, and its own.
import type { SyncMode } from '@owlivion/sync'
import { useSchedule, useSync } from '@owlivion/sync-react'
import { Pause, Play, RefreshCw } from 'lucide-react'
import { useId, useState } from 'react'
import { SectionTitle } from '../account/section-title'
import { Button } from '../ui/button'
import { ErrorNotice } from '../ui/error-notice'
import { useAction } from '../ui/use-action'
import { lastRunText, modes, nextRunText } from './schedule-text'

const HOUR_MS = 3_600_000

export function ScheduleSection() {
  const sync = useSync()
  const schedule = useSchedule()
  const id = useId()
  const { error, run } = useAction()
  const choose = (change: Parameters<typeof sync.setSchedule>[0]) => void run(() => sync.setSchedule(change))
  return (
    <>
      <SectionTitle>Sync</SectionTitle>
      <div className="mt-3 max-w-md">
        <label htmlFor={id} className="field-label">
          When to sync
        </label>
        <select
          id={id}
          className="field h-9"
          value={String(schedule.mode)}
          onChange={({ target }) => {
            const chosen = modes.find(({ mode }) => String(mode) === target.value)
            if (chosen) choose({ mode: chosen.mode satisfies SyncMode })
          }}
        >
          {modes.map(({ mode, words }) => (
            <option key={mode} value={String(mode)}>
              {words}
            </option>
          ))}
        </select>
      </div>
      {schedule.mode !== 'live' && (
        <div className="mt-3 grid gap-1.5">
          <Tick isOn={schedule.onStart} onTick={(onStart) => choose({ onStart })}>
            Also when the app starts
          </Tick>
          <Tick isOn={schedule.onNetworkReturn} onTick={(onNetworkReturn) => choose({ onNetworkReturn })}>
            Also when the network returns
          </Tick>
        </div>
      )}
      <dl className="device-facts mt-3" data-testid="runs">
        <div>
          <dt>Last run</dt>
          <dd>{lastRunText(schedule)}</dd>
        </div>
        <div>
          <dt>Next</dt>
          <dd>{nextRunText(schedule)}</dd>
        </div>
      </dl>
      <div className="mt-3 flex flex-wrap gap-2">
        <SyncNow />
        {schedule.isPaused ? (
          <Button icon={<Play size={15} />} onClick={() => choose({ paused: false })}>
            Resume
          </Button>
        ) : (
          <>
            <Button icon={<Pause size={15} />} onClick={() => choose({ paused: true })}>
              Pause
            </Button>
            <Button onClick={() => choose({ paused: { untilMs: Date.now() + HOUR_MS } })}>Pause for an hour</Button>
          </>
        )}
      </div>
      <ErrorNotice error={error} />
    </>
  )
}

function SyncNow() {
  const sync = useSync()
  const { isBusy, error, run } = useAction()
  const [isDone, setIsDone] = useState(false)
  const syncNow = async () => {
    setIsDone(false)
    setIsDone(await run(() => sync.syncNow()))
  }
  return (
    <>
      <Button look="primary" icon={<RefreshCw size={15} />} disabled={isBusy} onClick={() => void syncNow()}>
        {isBusy ? 'Syncing …' : 'Sync now'}
      </Button>
      <p role="status" className="sr-only">
        {isDone ? 'Everything is sent and read.' : ''}
      </p>
      <ErrorNotice error={error} className="order-last w-full" />
    </>
  )
}

interface TickProps {
  readonly isOn: boolean
  readonly onTick: (isOn: boolean) => void
  readonly children: string
}

function Tick({ isOn, onTick, children }: TickProps) {
  const id = useId()
  return (
    <label htmlFor={id} className="flex items-center gap-2 text-sm">
      <input
        id={id}
        type="checkbox"
        checked={isOn}
        onChange={({ target }) => onTick(target.checked)}
        className="size-4 accent-accent"
      />
      {children}
    </label>
  )
}
