// From the predecessor's data into an account, with everything counted on the way: what was read, what came of it, what stays behind, and how
// many records of each type the account has before and after.
import { readFileSync, writeFileSync } from 'node:fs'
import { createAccount, hasAccount, joinAccount, openAccount } from '../accounts'
import type { Sync } from '../client'
import { isSyncError, SyncError } from '../errors'
import { mailTypes } from '../mail'
import { type MigratedData, readOwlivionBlobs, readOwlivionMail } from '../mail/owlivion-mail'
import { applyAccountImport, previewAccountImport } from '../mail/transfer'
import { nodePlatform } from '../platform/node'
import { openSqliteStore } from '../storage/sqlite'
import type { MigrateOptions, MigrateTarget, SealedDocuments } from './options'

/** Where lines for the person go. */
export type Print = (line: string) => void

/** @returns whether everything that was read is where it was meant to be */
export async function migrate({ database, documents, out, target }: MigrateOptions, print: Print): Promise<boolean> {
  const sources = [
    ...(database === undefined ? [] : [{ name: database, data: readOwlivionMail(database) }]),
    ...(documents === undefined ? [] : [{ name: documents.file, data: openDocuments(documents) }]),
  ]
  for (const { name, data } of sources) printSource(name, data, print)
  if (out !== undefined) writeSources(out, sources, print)
  if (target === undefined) return true
  const sync = await openTarget(target, print)
  try {
    // The database last: it is newer than what the server has, and what is said later counts.
    const isWhole = await writeInto(sync, sources.map(({ data }) => data).reverse(), print)
    return (await whenStored(sync, target.waitSeconds, print)) && isWhole
  } finally {
    await sync.close()
  }
}

function openDocuments({ file, salt, masterPassword }: SealedDocuments): MigratedData {
  const blobs: Record<string, Uint8Array> = {}
  for (const [type, value] of Object.entries(readJson(file))) {
    const text = typeof value === 'object' && value !== null ? (value as Record<string, unknown>).encrypted_blob : value
    if (!documentTypes.includes(type) || typeof text !== 'string')
      throw new SyncError('invalid-value', `${file}: “${type}” is no sealed document of the predecessor's server.`)
    blobs[type] = new Uint8Array(Buffer.from(text, 'base64'))
  }
  return readOwlivionBlobs({ masterPassword, salt, blobs })
}

const documentTypes: readonly string[] = ['accounts', 'contacts', 'preferences', 'signatures']

function readJson(file: string): object {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof value === 'object' && value !== null) return value
  } catch (cause) {
    throw new SyncError('invalid-value', `${file} cannot be read as JSON.`, { cause })
  }
  throw new SyncError('invalid-value', `${file} holds no documents.`)
}

interface Source {
  readonly name: string
  readonly data: MigratedData
}

function printSource(name: string, { rows, records, leftOut, secrets }: MigratedData, print: Print): void {
  print(`Read from ${name}`)
  for (const [table, count] of Object.entries(rows)) print(`  ${table}: ${count}`)
  print('Records that came of it')
  for (const [type, count] of Object.entries(records)) print(`  ${type}: ${count}`)
  if (leftOut.length > 0) print('Left out')
  for (const { source, row, reason } of leftOut)
    print(`  ${source}${row === undefined ? '' : `, row ${row}`}: ${reason}`)
  const found = Object.entries(secrets)
  if (found.length > 0) print('Secrets, which stay where they are')
  for (const [secret, count] of found) print(`  ${secret}: ${count}`)
}

/** One file for each source: which of two says it later is decided by the order in which they are imported. */
function writeSources(out: string, sources: readonly Source[], print: Print): void {
  for (const [at, { data }] of [...sources].reverse().entries()) {
    const file = at === 0 ? out : `${out}.${at + 1}`
    // It is an address book: for its owner only.
    writeFileSync(file, data.json, { mode: 0o600 })
    print(`Written to ${file}`)
  }
}

async function openTarget(target: MigrateTarget, print: Print): Promise<Sync> {
  const { profile, relay, deviceName, isNew, recoveryPhrase } = target
  const store = await openSqliteStore(profile)
  try {
    const here = { platform: nodePlatform(), store }
    if (await hasAccount(store, here.platform)) return await openAccount(here)
    if (relay === undefined || (!isNew && recoveryPhrase === undefined))
      throw new SyncError(
        'profile-missing',
        `${profile} holds no account: say with --relay where it is, and with OWLIVION_RECOVERY_PHRASE or --new which.`,
      )
    const joining = { ...here, relay, deviceName }
    if (!isNew) return await joinAccount({ ...joining, recoveryPhrase: recoveryPhrase as string })
    const created = await createAccount(joining)
    print('Recovery phrase of the new account, to be written down; it is not shown again')
    print(`  ${created.recoveryPhrase}`)
    return created.sync
  } catch (error) {
    await store.close()
    throw error
  }
}

async function writeInto(sync: Sync, sources: readonly MigratedData[], print: Print): Promise<boolean> {
  const before = await countRecords(sync)
  const expected = new Map(before)
  let refused = 0
  for (const { json } of sources) {
    const preview = await previewAccountImport(sync, json)
    for (const { type, added } of preview.collections)
      expected.set(type.name, (expected.get(type.name) ?? 0) + added.length)
    const result = await applyAccountImport(sync, preview)
    for (const { line, reason } of [...preview.refused, ...result.refused]) print(`Refused, line ${line}: ${reason}`)
    refused += preview.refused.length + result.refused.length
  }
  const after = await countRecords(sync)
  print('Records of the account, before and after')
  for (const [name, count] of after) print(`  ${name}: ${before.get(name)} ${count}`)
  const differing = [...after].filter(([name, count]) => expected.get(name) !== count)
  for (const [name, count] of differing) print(`Expected ${expected.get(name)} ${name}, and there are ${count}`)
  return refused === 0 && differing.length === 0
}

async function countRecords(sync: Sync): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const { name } of Object.values(mailTypes)) counts.set(name, (await sync.open(name)).size)
  return counts
}

async function whenStored(sync: Sync, waitSeconds: number, print: Print): Promise<boolean> {
  try {
    await sync.flush({ signal: AbortSignal.timeout(waitSeconds * 1_000) })
    print('Everything is on the relay’s disk.')
    return true
  } catch (error) {
    print(
      `On this device’s disk, and ${sync.status.unsent} changes are not at the relay yet: run this again, or open the account. ${isSyncError(error) ? error.message : ''}`.trim(),
    )
    return false
  }
}
