// Mistakes with what a person chooses on a device, which data and when; and with a disk that takes nothing for a while.
import type { Mutation } from './mutation'

const MINUTE_MS = 60_000

const engine = 'core/src/sync/account/engine.ts'
const scheduler = 'core/src/sync/schedule/scheduler.ts'

const whatIsSynced: readonly Mutation[] = [
  {
    name: 'a data type that is off is asked for by the next connection',
    edits: [
      {
        file: 'core/src/sync/document/open-documents.ts',
        find: 'return this.options.context.isOff?.(id) ?? false',
        replace: 'void id; return false',
      },
    ],
    noticedAs: /sends .* of what device \d has off/,
    caughtBy: 5,
  },
  {
    name: 'a data type that is switched on is not filled up',
    edits: [
      {
        file: engine,
        find: "if (document !== undefined) this.session[isOn ? 'attach' : 'detach'](document)",
        replace: 'if (document !== undefined && !isOn) this.session.detach(document)',
      },
    ],
    noticedAs: /does not converge/,
    caughtBy: 7,
  },
  {
    name: 'what is unsent is forgotten when its data type is switched off',
    edits: [
      {
        file: engine,
        find: 'const batch = this.off.set(id, name, isOn)\n',
        replace:
          "const batch = this.off.set(id, name, isOn)\n    if (!isOn) document?.['state'].outbox.pending.splice(0)\n",
      },
    ],
    noticedAs: /lacks an edit|does not converge|sends two contents|an exception|other records/,
    caughtBy: 15,
  },
  {
    name: 'a data type that was switched off is on after a restart',
    edits: [
      { file: engine, find: 'await this.writer.write(batch)', replace: 'await this.writer.write({}); void batch' },
    ],
    noticedAs: /forgot that .* is off/,
    caughtBy: 5,
  },
]

const whenItSyncs: readonly Mutation[] = [
  {
    name: 'a schedule counts only the time that a device was awake',
    edits: [
      {
        file: scheduler,
        find: 'const waitMs = Math.min(LONGEST_TICK_MS, Math.max(1, deadline.waitMs(this.state.now())))',
        replace: 'const waitMs = Math.max(LONGEST_TICK_MS * 0, 1, deadline.waitMs(this.state.now()))',
      },
    ],
    noticedAs: /has slept through its schedule/,
    script: {
      ...{ devices: 2, endMs: 115 * MINUTE_MS },
      steps: [
        { atMs: 500, kind: 'join', device: 1 },
        { atMs: 10_000, kind: 'set schedule', device: 1, mode: 15, onStart: false, onNetworkReturn: false },
        { atMs: 20 * MINUTE_MS, kind: 'sleep', device: 1, lastsMs: 80 * MINUTE_MS },
      ],
    },
    caughtBy: 1,
  },
  {
    name: 'a clock that is set back puts a run off',
    edits: [
      {
        file: 'core/src/sync/connection/deadline.ts',
        find: 'return Math.max(0, Math.min(this.left, this.at - nowMs))',
        replace: 'return Math.max(0, this.at - nowMs)',
      },
      {
        file: 'core/src/sync/connection/deadline.ts',
        find: 'this.at = Math.min(this.at, nowMs + this.left)',
        replace: 'void nowMs',
      },
    ],
    noticedAs: /does not sync every|does not sync by its schedule/,
    caughtBy: 33,
  },
  {
    name: 'a schedule is forgotten with its process',
    edits: [
      {
        file: engine,
        find: 'save: (row) => writer.write({ put: [[scheduleKey, row]] }),',
        replace: 'save: (row) => writer.write({ put: row.length === 0 ? [[scheduleKey, row]] : [] }),',
      },
    ],
    noticedAs: /forgot its schedule/,
    caughtBy: 1,
  },
  {
    name: 'a pause leaves the connection open',
    edits: [
      {
        file: scheduler,
        find: "if (!this.isLive && this.run === undefined && connection.state !== 'offline') connection.goOffline()",
        replace:
          "if (!this.isLive && this.run === undefined && connection.state !== 'offline' && !this.state.isPaused) connection.goOffline()",
      },
    ],
    noticedAs: /sends .* while it is paused/,
    caughtBy: 10,
  },
]

const whenTheDiskRefuses: readonly Mutation[] = [
  {
    name: 'what a disk refuses is not tried again',
    edits: [
      {
        file: 'core/src/sync/store-writer.ts',
        find: 'this.queue = [...taken, ...this.queue]\n        this.taken = []',
        replace: 'for (const item of taken) item.resolve()\n        this.taken = []',
      },
    ],
    noticedAs: /lacks an edit of .* stored on its device|other records|part of a document is missing|forgot/,
    caughtBy: 16,
  },
]

export const choiceMutations: readonly Mutation[] = [...whatIsSynced, ...whenItSyncs, ...whenTheDiskRefuses].map(
  (mutation) => ({ ...mutation, amongChoices: true }),
)
