// The Yjs documents of one document as they are opened: what is verified, with what this device wrote on top.
import { openRegisters, type Registers, type Writer } from '../../document'
import { takeClientId } from '../../yjs'
import type { AccountContext } from '../account-context'
import type { BaseDocs } from '../log/base'
import { applyUpdates } from '../writing/body-updates'
import type { Outbox } from '../writing/outbox'

export function applyPending(docs: BaseDocs, { pending }: Outbox): void {
  docs.registers.transact(() => {
    for (const item of pending) applyUpdates(docs, item)
  })
}

export function openLive(context: AccountContext, docs: BaseDocs, writer: Writer, lastN: number): Registers {
  takeClientId(docs.registers, context.platform.random)
  takeClientId(docs.texts, context.platform.random)
  return openRegisters({ doc: docs.registers, writer, lastN, now: () => context.now() })
}
