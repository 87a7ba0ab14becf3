// The six hooks of the old client, with the fields that its windows read. What they show follows what happens; nothing polls.
import type {
  DeviceDto,
  SchedulerStatus,
  SyncConfigChange,
  SyncConfigDto,
  SyncResult,
  SyncStatusDto,
} from '@owlivion/sync/commands'
import { useCallback, useState, useSyncExternalStore } from 'react'
import { type Answer, type Asked, answerOf, messageOf, type Question, unanswered } from './answer'
import { useService } from './service-context'

const configQuestion: Question<SyncConfigDto> = { name: 'config', ask: (service) => service.getSyncConfig() }
const statusQuestion: Question<readonly SyncStatusDto[]> = { name: 'status', ask: (service) => service.getSyncStatus() }
const deviceQuestion: Question<readonly DeviceDto[]> = { name: 'devices', ask: (service) => service.listDevices() }
const schedulerQuestion: Question<SchedulerStatus> = {
  name: 'scheduler',
  ask: (service) => service.getSchedulerStatus(),
}

const nothing: readonly never[] = []

function useAnswer<Value>(question: Question<Value>): Asked<Value> & Pick<Answer<Value>, 'reload'> {
  const answer = answerOf(useService(), question)
  return { ...useSyncExternalStore(answer.subscribe, answer.get, unanswered), reload: answer.reload }
}

/** What every hook that asks the service tells of the asking. */
export interface AskingResult {
  /** Until the first answer is there. */
  readonly loading: boolean
  /** Why the last answer is none, as a sentence. */
  readonly error: string | null
  /** Asks now. The hooks do so by themselves when something changed. */
  reload(): Promise<void>
}

/** What `useSyncConfig` gives. */
export interface SyncConfigResult extends AskingResult {
  readonly config: SyncConfigDto | null
  update(change: SyncConfigChange): Promise<void>
}

/**
 * The settings of syncing on this device.
 *
 * @example
 * import { useSyncConfig } from '@owlivion/sync-react/owlivion-mail'
 * const { config, update } = useSyncConfig()
 * return <input type="checkbox" checked={config?.sync_contacts} onChange={(e) => update({ sync_contacts: e.target.checked })} />
 */
export function useSyncConfig(): SyncConfigResult {
  const service = useService()
  const { value: config, ...asking } = useAnswer(configQuestion)
  const { reload } = asking
  const update = useCallback(
    async (change: SyncConfigChange) => {
      await service.updateSyncConfig(change)
      await reload()
    },
    [service, reload],
  )
  return { config, ...asking, update }
}

/** What `useSyncStatus` gives. */
export interface SyncStatusResult extends AskingResult {
  readonly statuses: readonly SyncStatusDto[]
}

/**
 * Where the data types stand.
 *
 * @example
 * import { useSyncStatus } from '@owlivion/sync-react/owlivion-mail'
 * const { statuses } = useSyncStatus()
 * return statuses.map(({ data_type, status }) => <p key={data_type}>{data_type}: {status}</p>)
 */
export function useSyncStatus(): SyncStatusResult {
  const { value, ...asking } = useAnswer(statusQuestion)
  return { statuses: value ?? nothing, ...asking }
}

/** What `useDevices` gives. */
export interface DevicesResult extends AskingResult {
  readonly devices: readonly DeviceDto[]
}

/**
 * The devices of the account.
 *
 * @example
 * import { useDevices } from '@owlivion/sync-react/owlivion-mail'
 * const { devices, loading } = useDevices()
 * return loading ? null : <p>{devices.length} devices</p>
 */
export function useDevices(): DevicesResult {
  const { value, ...asking } = useAnswer(deviceQuestion)
  return { devices: value ?? nothing, ...asking }
}

/** What `useSyncTrigger` gives. */
export interface SyncTriggerResult {
  readonly syncing: boolean
  readonly result: SyncResult | null
  readonly error: string | null
  /** Syncs now. A master password is taken and ignored. */
  trigger(masterPassword?: string): Promise<SyncResult | undefined>
  /** Forgets result and error. */
  reset(): void
}

const idle: Omit<SyncTriggerResult, 'trigger' | 'reset'> = { syncing: false, result: null, error: null }

/**
 * Syncing when somebody asks for it.
 *
 * @example
 * import { useSyncTrigger } from '@owlivion/sync-react/owlivion-mail'
 * const { syncing, result, trigger } = useSyncTrigger()
 * return <button disabled={syncing} onClick={() => trigger()}>{result === null ? 'Sync' : 'Synced'}</button>
 */
export function useSyncTrigger(): SyncTriggerResult {
  const service = useService()
  const [state, setState] = useState(idle)
  const trigger = useCallback(
    async (masterPassword?: string) => {
      setState({ ...idle, syncing: true })
      try {
        const result = await service.startSync(masterPassword)
        setState({ ...idle, result })
        return result
      } catch (error) {
        setState({ ...idle, error: messageOf(error) })
        return undefined
      }
    },
    [service],
  )
  const reset = useCallback(() => setState(idle), [])
  return { ...state, trigger, reset }
}

/** What `useSyncEnabled` gives. */
export interface SyncEnabledResult {
  readonly enabled: boolean
  readonly loading: boolean
}

/**
 * Whether somebody is signed in and syncing is not paused.
 *
 * @example
 * import { useSyncEnabled } from '@owlivion/sync-react/owlivion-mail'
 * const { enabled } = useSyncEnabled()
 * return <p>{enabled ? 'On' : 'Off'}</p>
 */
export function useSyncEnabled(): SyncEnabledResult {
  const { value, loading } = useAnswer(configQuestion)
  return { enabled: value?.enabled ?? false, loading }
}

/** What `useScheduler` gives. */
export interface SchedulerResult extends AskingResult {
  readonly status: SchedulerStatus | null
  updateConfig(enabled: boolean, intervalMinutes: number): Promise<void>
}

/**
 * When this device syncs by itself.
 *
 * @example
 * import { useScheduler } from '@owlivion/sync-react/owlivion-mail'
 * const { status, updateConfig } = useScheduler()
 * return <button onClick={() => updateConfig(true, 30)}>{status?.interval_minutes === 30 ? 'Every half hour' : 'Change'}</button>
 */
export function useScheduler(): SchedulerResult {
  const service = useService()
  const { value: status, ...asking } = useAnswer(schedulerQuestion)
  const { reload } = asking
  const updateConfig = useCallback(
    async (enabled: boolean, intervalMinutes: number) => {
      await service.updateSchedulerConfig(enabled, intervalMinutes)
      await reload()
    },
    [service, reload],
  )
  return { status, ...asking, updateConfig }
}
