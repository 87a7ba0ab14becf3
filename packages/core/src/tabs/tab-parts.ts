// The parts of an engine as a tab has them: what is read comes from what the leader last said, what is to be done goes to the leader.
import type { AccountParts, SyncEngine } from '../sync'
import type { Mirror } from './mirror'
import type { CallParameters, CallResult, RemoteCall } from './remote-calls'

/** A tab, as its parts see it. */
export interface CallingTab {
  /** While this tab leads. */
  readonly leading: SyncEngine | undefined
  readonly mirror: Mirror | undefined
  run<Name extends RemoteCall>(name: Name, ...parameters: CallParameters<Name>): Promise<CallResult<Name>>
}

export function membershipOf(tab: CallingTab): AccountParts['membership'] {
  const own = () => tab.leading?.membership
  return {
    get owed() {
      return own()?.owed ?? tab.mirror?.owed ?? []
    },
    get isPhraseConfirmed() {
      return own()?.isPhraseConfirmed ?? tab.mirror?.isPhraseConfirmed ?? true
    },
    get reissue() {
      const membership = own()
      return membership ? membership.reissue : tab.mirror?.reissue
    },
    phraseQuestions: () => own()?.phraseQuestions() ?? tab.mirror?.phraseQuestions ?? [],
    unconfirmedPhrase: () => tab.run('unconfirmedPhrase'),
    confirmPhrase: (answers) => tab.run('confirmPhrase', answers),
    reissuePhrase: (phrase) => tab.run('reissuePhrase', phrase),
    requestReissue: () => tab.run('requestReissue'),
    approveReissue: () => tab.run('approveReissue'),
    vetoReissue: (phrase) => tab.run('vetoReissue', phrase),
    removeDevices: (ids) => tab.run('removeDevices', ids),
    removeOtherDevices: (withSignInKeys) => tab.run('removeOtherDevices', withSignInKeys),
    rotateKeys: () => tab.run('rotateKeys'),
    leave: () => tab.run('leave'),
  }
}

export function serviceOf(tab: CallingTab): AccountParts['service'] {
  return {
    refreshSightings: () => tab.run('refreshSightings'),
    audit: (options) => tab.run('audit', options),
    auditAsCsv: (options) => tab.run('auditAsCsv', options),
    deleteAccount: (phrase) => tab.run('deleteAccount', phrase),
  }
}

export function schedulerOf(tab: CallingTab): AccountParts['scheduler'] {
  return {
    get schedule() {
      return tab.leading?.scheduler.schedule ?? (tab.mirror as Mirror).schedule
    },
    change: (change) => tab.run('changeSchedule', change),
    runNow: (signal) => unlessAborted(tab.run('syncNow'), signal),
    networkReturned: () => void tab.run('networkReturned').catch(() => {}),
  }
}

/** A signal does not travel: the run goes on, and nobody waits for it. */
function unlessAborted(run: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return run
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    run.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
