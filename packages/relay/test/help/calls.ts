// Account calls over a test client.
import {
  type AccountCallName,
  type AccountCalls,
  type AuditRow,
  base64urlToBytes,
  decodeAuditRow,
  decodeCallBody,
  encodeCallBody,
} from '@owlivion/sync-protocol'
import type { TestClient } from './client'

let lastId = 0

/** Asks and waits for the answer, or fails with the refusal. What else comes meanwhile is dropped. */
export async function ask<M extends AccountCallName>(
  client: TestClient,
  method: M,
  body: AccountCalls[M]['request'],
): Promise<AccountCalls[M]['answer']> {
  const id = ++lastId
  client.send({ type: 'call', id, method, body: encodeCallBody(body) })
  for (;;) {
    const frame = await client.findOf('answer', 'refused')
    if (frame.type === 'answer' && frame.id === id) return decodeCallBody(frame.body) as AccountCalls[M]['answer']
    if (frame.type === 'refused' && frame.state === id) throw Object.assign(new Error(frame.message), frame)
  }
}

/** The audit log as a device reads it: kinds and what else is of interest. */
export async function auditRows(client: TestClient): Promise<AuditRow[]> {
  const { rows } = await ask(client, 'audit.read', { from: 1, limit: 500 })
  return rows.map((row) => decodeAuditRow(base64urlToBytes(row)))
}
