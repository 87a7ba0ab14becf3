// Mistakes with a history that has become long, or that a relay has lost.
import type { Mutation } from './mutation'

const whenSummedUp: readonly Mutation[] = [
  {
    name: 'a snapshot is built from what is not sent yet, too',
    edits: [
      {
        file: 'core/src/sync/snapshot/snapshot-build.ts',
        find: 'const docs = buildBaseDocs(context, document, await readStoredBase(context, document))',
        replace:
          'buildBaseDocs(context, document, await readStoredBase(context, document)); const docs = { registers: state.registers.doc, texts: state.texts }',
      },
    ],
    noticedAs: /snapshot-untrue|the oracle|lacks an edit|should/,
    caughtBy: {
      scenario: 'a history is summed up while there is always something on its way',
      device: 0,
      at: 5,
    },
  },
  {
    name: 'entries are pruned that nobody has acknowledged',
    edits: [
      {
        file: 'relay/src/store/snapshot-rules.ts',
        find: 'const isOfAge = ageMs >= (isAccepted(each) ? SNAPSHOT_KEEP_MS : UNJUDGED_SNAPSHOT_MS)',
        replace: 'const isOfAge = ageMs >= 0 * (SNAPSHOT_KEEP_MS + UNJUDGED_SNAPSHOT_MS)',
      },
    ],
    noticedAs: /lets go of what nobody has looked for/,
    caughtBy: 20,
  },
  {
    name: 'what is kept aside counts as part of a snapshot',
    edits: [
      {
        file: 'core/src/sync/snapshot/snapshot-build.ts',
        find: 'exempt: held.map(({ entry }) => entry.number).sort((a, b) => a - b),',
        replace: 'exempt: held.slice(0, 0).map(({ entry }) => entry.number),',
      },
    ],
    lie: 'forges signatures',
    noticedAs: /snapshot-untrue|lacks an edit|does not converge/,
    caughtBy: 6,
  },
]

const whenRebased: readonly Mutation[] = [
  {
    name: 'a rebase does not say which writes it knows',
    edits: [
      {
        file: 'core/src/sync/rebase/rebase-build.ts',
        find: 'const own = foldedOf(docs, state.replica.state.context)',
        replace: 'const own = foldedOf(docs, new Map())',
      },
    ],
    noticedAs: /where the oracle refuses|than the oracle expects|snapshot-untrue|lacks an edit|does not converge/,
    caughtBy: 22,
  },
  {
    name: 'what was not sent is forgotten when another rebases',
    edits: [
      {
        file: 'core/src/sync/rebase/rebase-adopt.ts',
        find: '...state.outbox.pending.map((item) => [rowKeys.pending(document, item.order), encodePending(item)] as const),',
        replace:
          '...state.outbox.pending.splice(0).map((item) => [rowKeys.pending(document, item.order), encodePending(item)] as const).slice(0, 0),',
      },
    ],
    noticedAs: /lacks an edit|does not converge|other records/,
    caughtBy: { scenario: 'a document is rebased while one is away', device: 0, at: 255 },
  },
]

const whenHealed: readonly Mutation[] = [
  {
    name: 'what a relay has lost is not given back',
    edits: [
      {
        file: 'core/src/sync/healing/give-back.ts',
        find: 'const batch = state.returning?.next(state.replica.state.chains)',
        replace: 'const batch = undefined as ReturnType<NonNullable<typeof state.returning>["next"]>',
      },
    ],
    noticedAs: /lacks an edit|does not converge|snapshot-untrue|snapshot-refused/,
    caughtBy: 6,
  },
  {
    name: 'what is on its way back to a relay is kept in memory only',
    edits: [
      {
        file: 'core/src/sync/healing/roll-back.ts',
        find: '...rows.map((row, i) => [refillKey(document, i), encodeLog(row)] as const),',
        replace: '...rows.map((row, i) => [refillKey(document, i), encodeLog(row)] as const).slice(0, 0),',
      },
    ],
    noticedAs: /lacks an edit|does not converge|other records/,
    caughtBy: { scenario: 'a relay is wiped, and healed by one after the other', device: 0, at: 225 },
  },
]

const whenOwed: readonly Mutation[] = [
  {
    name: 'what a device owes to the keyring is forgotten with its process',
    edits: [
      {
        file: 'core/src/sync/keyring/keyring-author.ts',
        find: 'this.tasks = stored.map(([number, owed]) => ({ owed, number, losses: 0 }))',
        replace: 'this.tasks = stored.slice(0, 0).map(([number, owed]) => ({ owed, number, losses: 0 }))',
      },
    ],
    noticedAs: /owed a removal, and forgot it/,
    caughtBy: 27,
  },
]

export const historyMutations: readonly Mutation[] = [...whenSummedUp, ...whenRebased, ...whenHealed, ...whenOwed]
