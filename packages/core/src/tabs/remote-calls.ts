// What a follower has the leader do: by name, since the two may be of different versions. What is not in here a follower does by taking
// the lead.
import type { SyncEngine } from '../sync'
import { type PlainStatus, plainStatus } from './mirror'

/** The leading tab, as calls see it. */
export interface LeadingTab {
  readonly engine: SyncEngine
  setOnline(isWanted: boolean): void
  /** Closes the account in every tab and removes what this device keeps of it. */
  destroy(): Promise<void>
}

type Call = (tab: LeadingTab, ...parameters: never[]) => Promise<unknown> | unknown

type EngineCall<Owner, Name extends keyof Owner> = Owner[Name] extends (...parameters: infer Parameters) => infer Result
  ? (tab: LeadingTab, ...parameters: Parameters) => Result
  : never

function ofMembership<Name extends keyof SyncEngine['membership']>(
  name: Name,
): EngineCall<SyncEngine['membership'], Name> {
  const call = ({ engine: { membership } }: LeadingTab, ...parameters: unknown[]): unknown =>
    (membership[name] as (...values: unknown[]) => unknown).apply(membership, parameters)
  return call as EngineCall<SyncEngine['membership'], Name>
}

function ofService<Name extends keyof SyncEngine['service']>(name: Name): EngineCall<SyncEngine['service'], Name> {
  const call = ({ engine: { service } }: LeadingTab, ...parameters: unknown[]): unknown =>
    (service[name] as (...values: unknown[]) => unknown).apply(service, parameters)
  return call as EngineCall<SyncEngine['service'], Name>
}

export const remoteCalls = {
  goOnline: (tab: LeadingTab) => tab.setOnline(true),
  goOffline: (tab: LeadingTab) => tab.setOnline(false),
  destroy: (tab: LeadingTab) => tab.destroy(),
  flush: ({ engine }: LeadingTab) => confirmed(engine),
  documentStatus: async ({ engine }: LeadingTab, name: string): Promise<PlainStatus> =>
    plainStatus((await engine.documents.open(name))().status),
  unsentEdits: ({ engine }: LeadingTab) => engine.unsentEdits(),
  resolveFork: ({ engine }: LeadingTab, phrase: string, keep: 'ours' | 'theirs') => engine.resolveFork(phrase, keep),
  setCollectionOn: ({ engine }: LeadingTab, name: string, isOn: boolean) => engine.setCollectionOn(name, isOn),
  changeSchedule: ({ engine }: LeadingTab, change: Parameters<SyncEngine['scheduler']['change']>[0]) =>
    engine.scheduler.change(change),
  syncNow: ({ engine }: LeadingTab) => engine.scheduler.runNow(),
  networkReturned: ({ engine }: LeadingTab) => engine.scheduler.networkReturned(),
  refreshSightings: ofService('refreshSightings'),
  audit: ofService('audit'),
  auditAsCsv: ofService('auditAsCsv'),
  deleteAccount: ofService('deleteAccount'),
  unconfirmedPhrase: ofMembership('unconfirmedPhrase'),
  confirmPhrase: ofMembership('confirmPhrase'),
  reissuePhrase: ofMembership('reissuePhrase'),
  requestReissue: ofMembership('requestReissue'),
  approveReissue: ofMembership('approveReissue'),
  vetoReissue: ofMembership('vetoReissue'),
  removeDevices: ofMembership('removeDevices'),
  removeOtherDevices: ofMembership('removeOtherDevices'),
  rotateKeys: ofMembership('rotateKeys'),
  leave: ofMembership('leave'),
} satisfies Record<string, Call>

type Calls = typeof remoteCalls
export type RemoteCall = keyof Calls
export type CallParameters<Name extends RemoteCall> =
  Parameters<Calls[Name]> extends [LeadingTab, ...infer Rest] ? Rest : []
export type CallResult<Name extends RemoteCall> = Awaited<ReturnType<Calls[Name]>>

/** Resolves when the relay has all that is written so far. */
function confirmed(engine: SyncEngine): Promise<void> {
  const isConfirmed = engine.confirmation()
  return new Promise((resolve) => {
    const check = (): void => {
      if (!isConfirmed()) return
      stop()
      resolve()
    }
    const stop = engine.onStatus(check)
    check()
  })
}
