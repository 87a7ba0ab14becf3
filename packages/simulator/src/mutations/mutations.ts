// The mutations that the checks of a world are known to notice. Each is a mistake that engines of this kind have been shipped with, or
// that a careless change would make.
import { choiceMutations } from './choice-mutations'
import { historyMutations } from './history-mutations'
import type { Mutation } from './mutation'

const intake = 'core/src/sync/log/log-intake.ts'
const replica = 'core/src/sync/log/log-replica.ts'
const state = 'core/src/sync/document/document-state.ts'
const sender = 'core/src/sync/writing/push-sender.ts'
const outbox = 'core/src/sync/writing/outbox.ts'
const turn = 'relay/src/turn.ts'
const unverified = 'core/src/sync/log/unverified-pages.ts'

/** What a device shows before it has verified it. */
const shown: readonly Mutation[] = [
  {
    name: 'what nobody signed stays where it was shown',
    edits: [{ file: unverified, find: 'if (!isShown) await this.options.startOver()', replace: '' }],
    lie: 'forges signatures',
    noticedAs: /does not converge/,
    caughtBy: 6,
  },
]

/** What a device writes to its disk, and when. */
const onDisk: readonly Mutation[] = [
  {
    name: 'the cursor is stored before the entries it has passed',
    edits: [
      {
        file: intake,
        find: 'put.push(state.stateRow())\n',
        replace: 'await state.context.writer.write({ put: [state.stateRow()] })\n',
      },
    ],
    noticedAs: /part of a document is missing/,
    caughtBy: 11,
  },
  {
    name: 'the cursor is stored and the entries are not',
    edits: [
      {
        file: intake,
        find: 'return this.storeReceived(received, [[rowKeys.log(document, first), log]])',
        replace: 'void [log, first, document]; return this.storeReceived(received, [])',
      },
    ],
    noticedAs: /part of a document is missing/,
    caughtBy: 1,
  },
  {
    name: 'an edit is said to be stored before it is',
    edits: [
      {
        file: 'core/src/sync/writing/document-edits.ts',
        find: 'const stored = context.writer.write({',
        replace: 'const stored = Promise.resolve(); void context.writer.write({',
      },
    ],
    noticedAs: /lacks an edit of device .* stored on its device/,
    caughtBy: 1,
  },
  {
    name: 'sealed bytes are sent before they are stored',
    edits: [
      {
        file: sender,
        find: 'put: [[rowKeys.push(document, push.entries.at(-1)?.lastOrder ?? 0), encodePush(push)], this.state.stateRow()],',
        replace: 'put: [this.state.stateRow()], ...{ encodePush, rowKeys, document },',
      },
    ],
    noticedAs: /sends two contents under one number/,
    caughtBy: 1,
  },
]

/** What becomes of what a device has written. */
const onTheWayOut: readonly Mutation[] = [
  {
    name: 'more is taken for confirmed than the relay has',
    edits: [
      {
        file: outbox,
        find: 'const confirmed = this.pending.filter((item) => item.order <= entry.lastOrder)\n    this.pending = this.pending.filter((item) => item.order > entry.lastOrder)',
        replace: 'const confirmed = this.pending\n    this.pending = []',
      },
    ],
    noticedAs: /lacks an edit of device|does not converge/,
    caughtBy: 1,
  },
  {
    name: 'what was sealed is sealed anew after every broken connection',
    edits: [
      {
        file: sender,
        find: '  disconnected(): void {\n',
        replace: '  disconnected(): void {\n    this.state.outbox.unseal()\n    this.discardSealing()\n',
      },
    ],
    noticedAs: /sends two contents under one number/,
    caughtBy: 3,
  },
  {
    name: 'an incarnation goes on after a fork',
    edits: [
      {
        file: state,
        find: 'this.own.incarnation = randomUint32(this.context.platform)',
        replace: 'void randomUint32',
      },
    ],
    noticedAs: /sends two contents under one number|does not converge/,
    caughtBy: 1,
  },
]

/** What a device makes of the log. */
const onTheWayIn: readonly Mutation[] = [
  {
    name: 'an entry that has to wait is dropped',
    edits: [{ file: replica, find: 'state.held.push(item)', replace: 'void item' }],
    noticedAs: /does not converge|lacks an edit|does not open any more/,
    caughtBy: 21,
  },
  {
    name: 'signatures are not looked at',
    edits: [
      {
        file: 'core/src/sync/log/open-page.ts',
        find: 'const valid = await input.signing.verify(device.signing, signed, head.signature)',
        replace: 'const valid = signed.length > 0',
      },
    ],
    lie: 'forges signatures',
    noticedAs: /did not notice that the relay forges signatures/,
    caughtBy: 3,
  },
  {
    name: 'a page is not held against its log hash',
    edits: [
      {
        file: 'core/src/sync/log/page-reader.ts',
        find: 'if (!bytesEqual(replica.hashAfter(page.entries), frame.logHash)) {',
        replace: 'if (frame.logHash.length === 0) {',
      },
    ],
    lie: 'alters bytes',
    noticedAs: /does not converge/,
    caughtBy: 4,
  },
  {
    name: 'a delete does not say what it has seen',
    edits: [
      {
        file: 'core/src/document/plan.ts',
        find: "{ ...base, kind: 'mark', context: contextOf(draft), removed",
        replace: "{ ...base, kind: 'mark', context: contextOf(draft).slice(0, 0), removed",
      },
    ],
    noticedAs: /delete conflict/,
    caughtBy: 1,
  },
]

/** What the relay does. */
const atTheRelay: readonly Mutation[] = [
  {
    name: 'the relay confirms a push before it is on its disk',
    edits: [
      {
        file: turn,
        find: "import { encodeFrame, type FrameType, type ProtocolCode } from '@owlivion/sync-protocol'",
        replace:
          "import { encodeFrame, type FrameType, type ProtocolCode, nextLogHash } from '@owlivion/sync-protocol'",
      },
      {
        file: turn,
        find: 'const { maxDocuments, maxAccountBytes } = this.limits\n    const results =',
        replace: `const { maxDocuments, maxAccountBytes } = this.limits
    for (const [i, item] of items.entries()) {
      const request = judged[i] as AppendRequest | RelayError
      if (request instanceof RelayError || (links[i] as ChainLink).newest !== item.push.first - 1) continue
      const { account, document, incarnation, entries } = request
      const end = await this.store.readPage({ account, document, after: Number.MAX_SAFE_INTEGER, maxBytes: 0 })
      const { hashAtCursor } = await this.store.readPage({ account, document, after: end.newest, maxBytes: 0 })
      let logHash = hashAtCursor as NonNullable<typeof hashAtCursor>
      for (const { envelopeHash } of entries) logHash = nextLogHash(this.platform.sha512, logHash, envelopeHash)
      const numbers = entries.map((_, n) => end.newest + 1 + n)
      item.author.send(encodeFrame({ type: 'pushed', document, incarnation, sequence: item.push.last, numbers, logHash }))
    }
    const results =`,
      },
    ],
    noticedAs: /relay-rolled-back|cursor-ahead|cursor-mismatch|lacks an edit/,
    caughtBy: 1,
  },
  {
    name: 'the relay numbers an entry by the greatest number that it holds',
    edits: [
      {
        file: 'relay/src/store/memory-log.ts',
        find: 'document.newest++',
        replace: 'document.newest = Math.max(0, ...document.entries.keys()) + 1',
      },
    ],
    noticedAs: /relay-rolled-back|relay-misbehaved|lacks an edit|does not converge/,
    caughtBy: { scenario: 'a history is summed up, and goes', device: 0, at: 443 },
  },
  {
    name: 'the relay numbers a push that comes twice as a new one',
    edits: [
      {
        file: 'relay/src/store/rules.ts',
        find: 'duplicateNumbers.push(stored.number)',
        replace: 'void stored',
      },
    ],
    noticedAs: /chain-gap/,
    caughtBy: 3,
  },
]

export const mutations: readonly Mutation[] = [
  ...choiceMutations,
  ...historyMutations,
  ...shown,
  ...onDisk,
  ...onTheWayOut,
  ...onTheWayIn,
  ...atTheRelay,
]
