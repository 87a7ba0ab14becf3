// Sees to it that what this device owes to the keyring is carried out (`keyring-work.ts`), on whatever connection there is. It never
// gives up, and never trusts its memory: after a lost race, a lost answer, a disconnect or a restart it starts over from what the
// keyring says, so that nothing is done twice and nothing is left half done.
import { activeDevice, bytesEqual, deviceIdOf, findDevice, type Hash, REISSUE_WAIT_MS } from '@owlivion/sync-protocol'
import { isSyncError, SyncError } from '../../errors'
import type { StoreBatch } from '../../storage'
import { backoffMs, jitterMs } from '../connection/backoff'
import { type AddTask, carryOut, type DueTask, type PhraseTask, type WorkContext } from './keyring-work'
import { encodeOwed, type JudgedKeyring, judgeOwed, type Owed, owedKey } from './owed'

export interface AuthorContext extends WorkContext {
  readonly keyring: JudgedKeyring &
    WorkContext['keyring'] & {
      /** The newest key was not handed to this device. */
      readonly lacksNewestKey?: boolean
    }
  /** Commits strictly: what is owed must not be forgotten. */
  store(batch: StoreBatch): Promise<void>
  /** Everything is caught up, sent, and nothing is kept aside. */
  isClean(): boolean
  /** When this device first saw the open request for a new phrase, by the corrected clock. */
  requestSeenAtMs(): number | undefined
  /** The device's clock corrected by the relay's, in ms. */
  now(): number
  report(error: SyncError): void
  /** What is owed has changed. */
  onOwed(): void
}

interface Task {
  readonly owed: Owed | PhraseTask | DueTask | AddTask
  /** Of its row; none when it is not stored. */
  readonly number?: number
  readonly settled?: { resolve(): void; reject(error: SyncError): void }
  /** Races lost and refusals in a row. */
  losses: number
  /** Waits for a timer, and with `untilKeyring` at most until the keyring changes. */
  pause?: { readonly cancel: () => void; readonly untilKeyring: boolean }
}

/** Of several devices that owe the same new key mostly one makes it. */
const DUE_REKEY_JITTER_MS = 3_000
/** How often the clock is looked at while the week runs: timers sleep with the device, and clocks are put right. */
const REISSUE_CHECK_MS = 3_600_000
/** The keyring is read at once after a lost race; this is for when that answer is lost, too. */
const KEYRING_WAIT_MS = 5_000
/** Losses in a row from which on a device steps back for a moment, so that others get through. */
const PATIENT_FROM = 3

export class KeyringAuthor {
  private tasks: Task[]
  private nextNumber: number
  private isRunning = false
  private isClosed = false
  /** Set while it runs by what may make more possible. */
  private isWoken = false

  /** @param stored what was owed when this device last ran, by row number */
  constructor(
    private readonly context: AuthorContext,
    stored: readonly (readonly [number, Owed])[],
  ) {
    this.tasks = stored.map(([number, owed]) => ({ owed, number, losses: 0 }))
    this.nextNumber = 1 + Math.max(0, ...stored.map(([number]) => number))
  }

  /** What is owed now, stored undertakings and those of the phrase, oldest first. */
  get owed(): readonly (Owed | PhraseTask)[] {
    return this.tasks.map(({ owed }) => owed).filter((owed) => !isDue(owed) && owed.kind !== 'add') as (
      | Owed
      | PhraseTask
    )[]
  }

  /** Something waits for nothing but a connection, or is being done on it. */
  get needsConnection(): boolean {
    return this.tasks.some(({ owed }) => owed.kind !== 'due-reissue')
  }

  /**
   * Undertakes to do this, for as long as it takes; `with` is stored in the same step.
   * @returns when a committed record has done it
   * @throws SyncError why it cannot be done any more; `closed` when this device is closed first, and goes on when it is opened again
   */
  async undertake(owed: Owed, also: StoreBatch = {}): Promise<void> {
    const number = this.nextNumber++
    await this.context.store({ ...also, put: [...(also.put ?? []), [owedKey(number), encodeOwed(owed)]] })
    return this.add(owed, number)
  }

  /** As `undertake`, for what is not kept. Rejects, and is given up, when this device is closed or the relay refuses it for good. */
  doNow(task: PhraseTask | AddTask): Promise<void> {
    return this.add(task)
  }

  /** The connection came or went, the keyring or the documents changed. */
  wake({ keyringChanged = false }: { readonly keyringChanged?: boolean } = {}): void {
    const isConnected = this.context.requests.isConnected
    for (const task of this.tasks) if (!isConnected || (keyringChanged && task.pause?.untilKeyring)) endPause(task)
    this.isWoken = true
    if (!this.isRunning && !this.isClosed) void this.run()
  }

  close(): void {
    this.isClosed = true
    for (const task of this.tasks) {
      endPause(task)
      task.settled?.reject(new SyncError('closed', 'The account was closed before this could be done.'))
    }
    this.tasks = []
  }

  private add(owed: Owed | PhraseTask | AddTask, number?: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.isClosed) {
        reject(new SyncError('closed', 'The account is closed.'))
        return
      }
      this.tasks.push({ owed, ...(number !== undefined && { number }), settled: { resolve, reject }, losses: 0 })
      this.context.onOwed()
      this.wake()
    })
  }

  private async run(): Promise<void> {
    this.isRunning = true
    while (this.isWoken && !this.isClosed) {
      this.isWoken = false
      this.judge()
      const task = this.tasks.find((each) => this.isReady(each))
      if (task === undefined) continue
      // One record may settle several, and leave others that are ready.
      this.isWoken = true
      const { head } = this.context.keyring.state
      try {
        await carryOut(this.context, task.owed)
      } catch (cause) {
        if (this.isClosed) break
        const error = isSyncError(cause)
          ? cause
          : new SyncError('internal-error', 'A change of the keyring failed on this device.', { cause })
        this.failed(task, error, head)
      }
    }
    this.isRunning = false
  }

  // -- what is to be done

  /** Lets go of what is done or has become impossible, and takes up what the keyring says is due. */
  private judge(): void {
    const { keyring, keys } = this.context
    for (const task of this.tasks) {
      const verdict = this.verdictOf(task)
      if (verdict === 'done') this.settle(task)
      else if (verdict !== 'owed') this.settle(task, verdict.impossible)
    }
    const { state } = keyring
    if (!this.context.requests.isConnected || activeDevice(state, keys.id) === undefined) return
    if (this.isRekeyDue && !this.tasks.some(({ owed }) => owed.kind === 'due-rekey')) {
      if (keyring.lacksNewestKey) this.context.report(keptFromKey())
      const task: Task = { owed: { kind: 'due-rekey' }, losses: 0 }
      this.tasks.push(task)
      this.pause(task, jitterMs(DUE_REKEY_JITTER_MS, this.context.platform.random), true)
    }
    const { reissueRequest } = state
    if (reissueRequest !== undefined && bytesEqual(reissueRequest.signer, keys.id)) {
      const isKnown = this.tasks.some(({ owed }) => owed.kind === 'due-reissue')
      if (!isKnown) this.tasks.push({ owed: { kind: 'due-reissue', request: reissueRequest.position }, losses: 0 })
    }
  }

  /** A device left that knows the newest key, or this one does not know it. */
  private get isRekeyDue(): boolean {
    const { state, lacksNewestKey } = this.context.keyring
    return state.owesRekey || lacksNewestKey === true
  }

  private verdictOf({ owed }: Task): ReturnType<typeof judgeOwed> {
    const { keyring, keys, requests } = this.context
    const { state } = keyring
    switch (owed.kind) {
      case 'due-rekey':
        return requests.isConnected && this.isRekeyDue && activeDevice(state, keys.id) !== undefined ? 'owed' : 'done'
      case 'due-reissue':
        return requests.isConnected && state.reissueRequest?.position === owed.request ? 'owed' : 'done'
      case 'add': {
        const member = findDevice(state, deviceIdOf(this.context.platform.signing.sha512, owed.device.signing))
        if (member !== undefined && member.removedAt === undefined) return 'done'
        if (member === undefined && activeDevice(state, keys.id) !== undefined) return 'owed'
        return { impossible: new SyncError('device-removed', 'It was removed from the account meanwhile.') }
      }
      case 'reissue':
        return bytesEqual(state.recovery.signing, owed.next.signing) ? 'done' : 'owed'
      default:
        return judgeOwed(owed, keyring, keys.id)
    }
  }

  private isReady(task: Task): boolean {
    if (!this.context.requests.isConnected || task.pause !== undefined) return false
    if (task.owed.kind === 'rekey') return this.context.isClean()
    if (task.owed.kind !== 'due-reissue') return true
    const seenAtMs = this.context.requestSeenAtMs()
    const leftMs = seenAtMs === undefined ? REISSUE_CHECK_MS : seenAtMs + REISSUE_WAIT_MS - this.context.now()
    if (leftMs > 0) this.pause(task, Math.min(leftMs, REISSUE_CHECK_MS), false)
    return leftMs <= 0
  }

  private settle(task: Task, failure?: SyncError): void {
    endPause(task)
    this.tasks = this.tasks.filter((other) => other !== task)
    if (failure === undefined) task.settled?.resolve()
    else if (task.settled === undefined && !isDue(task.owed)) this.context.report(failure)
    else task.settled?.reject(failure)
    // That it was done stands in the keyring: a row that outlives it is let go on the next start.
    if (task.number !== undefined) void this.context.store({ remove: [owedKey(task.number)] }).catch(() => {})
    this.context.onOwed()
  }

  /** @param head of the keyring that the attempt was made on */
  private failed(task: Task, error: SyncError, head: Hash): void {
    const { requests, keyring, platform } = this.context
    if (error.code === 'connection-lost') return
    task.losses++
    const isPatient = task.losses >= PATIENT_FROM
    const waitMs = Math.max(error.retryAfterMs ?? 0, backoffMs(task.losses, platform.random))
    switch (error.code) {
      case 'keyring-conflict':
        requests.readKeyring()
        if (isPatient) this.pause(task, waitMs, false)
        else if (bytesEqual(head, keyring.state.head)) this.pause(task, KEYRING_WAIT_MS, true)
        return
      case 'cut-behind':
        if (isPatient) this.pause(task, waitMs, false)
        return
      case 'reissue-early':
        // This device is new to the account. The one that asks completes it no later than this one could.
        if (task.owed.kind === 'approve') this.settle(task, error)
        else this.pause(task, error.retryAfterMs ?? REISSUE_CHECK_MS, false)
        return
      case 'relay-unreachable':
        // The answer was lost, and with it perhaps the news of a record that was taken.
        requests.readKeyring()
        this.pause(task, waitMs, false)
        return
    }
    const mustBeDone = task.owed.kind === 'remove' || isDue(task.owed)
    if (!error.retryable && !mustBeDone) {
      this.settle(task, error)
      return
    }
    this.context.report(error)
    this.pause(task, waitMs, false)
  }

  private pause(task: Task, delayMs: number, untilKeyring: boolean): void {
    endPause(task)
    const cancel = this.context.platform.setTimer(delayMs, () => {
      delete task.pause
      this.wake()
    })
    task.pause = { cancel, untilKeyring }
  }
}

function keptFromKey(): SyncError {
  return new SyncError(
    'keyring-invalid',
    'A device made a key for the account and kept it from this one, which makes another; look at the devices, and remove that one.',
  )
}

function endPause(task: Task): void {
  task.pause?.cancel()
  delete task.pause
}

function isDue(owed: Task['owed']): owed is DueTask {
  return owed.kind === 'due-rekey' || owed.kind === 'due-reissue'
}
