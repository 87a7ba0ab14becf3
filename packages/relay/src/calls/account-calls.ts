// The calls that every relay answers: devices, audit log, deletion.
import {
  type AccountCalls,
  type AuditPage,
  base64urlToBytes,
  bytesToBase64url,
  bytesToHex,
  deletionSigningBytes,
  type KeyringState,
  MAX_AUDIT_DETAIL_BYTES,
  SIGNATURE_BYTES,
} from '@owlivion/sync-protocol'
import { z } from 'zod'
import { RelayError } from '../errors'
import type { Standing } from '../login'
import { type CallMethods, type MemberCaller, memberCall } from './registry'
import type { CallService, CallTools } from './service'

/** Rows in one answer. In bytes an answer is bounded below, so that it fits its frame as base64url and JSON. */
const MAX_AUDIT_PAGE_ROWS = 500
const AUDIT_PAGE_BYTES = 40_000

const nothing = z.strictObject({})
const auditRange = z.strictObject({ from: z.int().min(1), limit: z.int().min(1).max(MAX_AUDIT_PAGE_ROWS) })
const auditNote = z.strictObject({
  kind: z.literal('exported'),
  // In characters; the log cuts it to its bytes. Half a pair has none.
  detail: z
    .string()
    .max(MAX_AUDIT_DETAIL_BYTES)
    .regex(/^\P{Surrogate}*$/u),
})
const deletion = z.strictObject({
  signature: z.base64url().optional(),
  proof: z.record(z.string(), z.unknown()).optional(),
})

/** @param services may accept another proof for a deletion than the recovery key's signature */
export function accountCalls(services: readonly CallService[]): CallService {
  return {
    methods: (tools) =>
      ({
        'devices.list': memberCall(nothing, (caller) => listDevices(tools, caller)),
        'audit.read': memberCall(auditRange, (caller, range) => readAudit(tools, caller, range)),
        'audit.note': memberCall(auditNote, async ({ account, standing, address }, { kind, detail }) => {
          await tools.audit.write(account.id, kind, { device: deviceOf(standing), address, detail })
          return {}
        }),
        'account.delete': memberCall(deletion, (caller, proof) => deleteAccount(tools, services, caller, proof), {
          cost: 1_000,
          // The phrase alone is enough, also when no device is left.
          isAllowed: (standing) => standing.kind === 'recovery' || (standing.kind === 'device' && standing.mayPush),
        }),
      }) satisfies CallMethods,
  }
}

async function listDevices(
  { signIns }: CallTools,
  { account, standing, address }: MemberCaller,
): Promise<AccountCalls['devices.list']['answer']> {
  if (standing.kind === 'device') signIns.seen(account.id, standing.id, address)
  const devices = await signIns.devices(account.id)
  return { devices: devices.map(({ device, ...seen }) => ({ device: bytesToHex(device), ...seen })) }
}

async function readAudit(
  { store, audit }: CallTools,
  { account }: MemberCaller,
  { from, limit }: z.output<typeof auditRange>,
): Promise<AuditPage> {
  await audit.flush()
  const slice = await store.accountRows.readAudit(account.id, from, limit, AUDIT_PAGE_BYTES)
  const { first, length, head, previous, rows } = slice
  return {
    first,
    length,
    head: bytesToBase64url(head),
    previous: bytesToBase64url(previous),
    rows: rows.map((row) => bytesToBase64url(row)),
  }
}

async function deleteAccount(
  { platform, store, audit, log }: CallTools,
  services: readonly CallService[],
  caller: MemberCaller,
  { signature, proof }: z.output<typeof deletion>,
): Promise<AccountCalls['account.delete']['answer']> {
  if ((signature === undefined) === (proof === undefined))
    throw new RelayError('call-refused', 'A deletion is proved by a signature or by a password, and by one of them.')
  const { account, standing, address } = caller
  const { head, recovery } = account.keyring as KeyringState
  let isProved: boolean
  if (signature !== undefined) {
    const bytes = base64urlToBytes(signature)
    const signed = deletionSigningBytes(account.id, head)
    isProved = bytes.length === SIGNATURE_BYTES && (await platform.verify(recovery.signing, signed, bytes))
  } else isProved = await acceptProof(services, caller, proof as Record<string, unknown>)
  if (!isProved) {
    await audit.write(account.id, 'deletion-refused', { device: deviceOf(standing), address })
    throw new RelayError('call-refused', 'The deletion is not proved for the account as it is now.')
  }
  await account.changing(async () => {
    if (!(await store.accountRows.deleteAccount(account.id, head, platform.now()))) {
      await account.read()
      throw new RelayError('keyring-conflict')
    }
    // From here on nobody logs in.
    account.isDeleted = true
  })
  log.info({ account: bytesToHex(account.id).slice(0, 8) }, 'account deleted')
  // Whoever is there hears of it behind the answer to this call.
  platform.defer(() => account.end())
  return {}
}

async function acceptProof(
  services: readonly CallService[],
  caller: MemberCaller,
  proof: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  for (const service of services) if (await service.mayDelete?.(caller, proof)) return true
  return false
}

function deviceOf(standing: Standing) {
  return standing.kind === 'device' ? standing.id : undefined
}
