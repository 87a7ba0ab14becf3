// Somebody who has everything: all rows that a device ever stored, and the relay's whole database. It knows how keys are derived, since that is
// no secret, and takes nothing else for granted: any 32 bytes of the rows may be a key, and every key is tried on everything.
// Written against the pages of the protocol with NaCl and Node's own functions, so that it does not share a mistake with the engine.
import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from 'node:crypto'
import { inflateRawSync } from 'node:zlib'
import {
  type DeviceId,
  type DocumentId,
  decodeEnvelope,
  decodeSignedRecord,
  deviceIdOf,
  domain,
  type EpochBlock,
  hashParts,
  type KeyringRecord,
} from '@owlivion/sync-protocol'
import Database from 'better-sqlite3'
import nacl from 'tweetnacl'
import type { StrangerKeys } from '../../support/raw-connection'

export interface SealedEntry {
  readonly document: DocumentId
  /** In the order of the log. Undefined for a seen row. */
  readonly number: number | undefined
  /** Position of the keyring record that brought its key. */
  readonly epoch: number
  readonly nonce: Uint8Array
  readonly box: Uint8Array
}

export interface Loot {
  /** Of the device. */
  readonly rows: readonly Uint8Array[]
  readonly entries: readonly SealedEntry[]
  readonly keyring: readonly KeyringRecord[]
}

export interface Opened {
  /** What the attacker can read of each entry, by the entry. */
  readonly contents: ReadonlyMap<SealedEntry, string>
  /** Positions of the keyring records whose key it has. */
  readonly epochs: readonly number[]
  /** Names and platforms of devices, as far as they open. */
  readonly deviceNames: string
}

/** @param database of one account, of a relay that has ended */
export function readRelay(database: string): Omit<Loot, 'rows'> {
  const relay = new Database(database, { readonly: true })
  const all = <T>(sql: string): T[] => relay.prepare(sql).all() as T[]
  try {
    const sealed = all<{ document: DocumentId; number: number | null; envelope: Uint8Array }>(
      `SELECT d.document, e.number, e.envelope FROM entries e JOIN documents d ON d.id = e.document
       UNION ALL SELECT d.document, NULL, s.envelope FROM seen s JOIN documents d ON d.id = s.document`,
    )
    return {
      keyring: all<{ record: Uint8Array }>('SELECT record FROM keyring ORDER BY position').map(
        ({ record }) => decodeSignedRecord(new Uint8Array(record)).record,
      ),
      entries: sealed.map(({ document, number, envelope }) => {
        const { epoch, nonce, box } = decodeEnvelope(new Uint8Array(envelope))
        return { document: new Uint8Array(document) as DocumentId, number: number ?? undefined, epoch, nonce, box }
      }),
    }
  } finally {
    relay.close()
  }
}

export function attack({ rows, entries, keyring }: Loot): Opened {
  const guesses = everyWindow(rows)
  const keys = findEpochKeys(guesses, keyring)
  const contents = new Map<SealedEntry, string>()
  for (const entry of entries) {
    const derived = [...keys.values()].map((key) => derive(key, 'document-key', entry.document))
    // A device might as well have stored the key of a document, or used an epoch's key as it is.
    for (const key of [...derived, ...keys.values(), ...guesses]) {
      const opened = nacl.secretbox.open(entry.box, entry.nonce, key)
      if (opened === null) continue
      contents.set(entry, readPadded(opened.subarray(32)))
      break
    }
  }
  const epochs = epochsOf(keyring).filter(({ block }) => keys.has(hex(block.keyId)))
  return { contents, epochs: epochs.map(({ position }) => position), deviceNames: readNames(keyring, keys) }
}

/** The key by which a device logs in and signs, as far as 32 bytes in a row are its seed. */
export function findSigningKey(rows: readonly Uint8Array[], device: DeviceId): StrangerKeys | undefined {
  for (const seed of everyWindow(rows)) {
    const privateKey = createPrivateKey({ key: Buffer.concat([ed25519Prefix, seed]), format: 'der', type: 'pkcs8' })
    const publicKey = rawPublicKey(privateKey)
    if (hex(deviceIdOf(sha512, publicKey)) === hex(device)) return { device, publicKey, privateKey }
  }
  return undefined
}

/** What stands before the 32 bytes of a secret key in PKCS #8. */
const x25519Prefix = Buffer.from('302e020100300506032b656e04220420', 'hex')
const ed25519Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')

const sha512 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha512').update(bytes).digest())
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function derive(key: Uint8Array, purpose: string, context: Uint8Array = new Uint8Array()): Uint8Array {
  return new Uint8Array(hkdfSync('sha512', key, '', Buffer.concat([domain(purpose), context]), 32))
}

/** Every 32 bytes in a row of anything, each once. */
function everyWindow(rows: readonly Uint8Array[]): readonly Uint8Array[] {
  const windows = new Map<string, Uint8Array>()
  for (const row of rows)
    for (let at = 0; at + 32 <= row.length; at++) windows.set(hex(row.subarray(at, at + 32)), row.slice(at, at + 32))
  return [...windows.values()]
}

const epochsOf = (keyring: readonly KeyringRecord[]): { readonly position: number; readonly block: EpochBlock }[] =>
  keyring.flatMap((record) => ('epoch' in record ? [{ position: record.position, block: record.epoch }] : []))

/** Every epoch key that follows from the guesses in any way, by its id. */
function findEpochKeys(guesses: readonly Uint8Array[], keyring: readonly KeyringRecord[]): Map<string, Uint8Array> {
  const blocks = epochsOf(keyring).map(({ block }) => block)
  const ids = new Set(blocks.map(({ keyId }) => hex(keyId)))
  const found = new Map<string, Uint8Array>()
  const isKnown = (key: Uint8Array): boolean => found.has(hex(hashParts(sha512, 'epoch-key', key)))
  const waiting = [...guesses, ...openSealed(guesses, keyring)]
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    const id = hex(hashParts(sha512, 'epoch-key', key))
    const isNews = ids.has(id) && !isKnown(key)
    if (isNews) {
      found.set(id, key)
      // A next key that could be computed from one before it would give everything away.
      const purposes = ['epoch-key', 'document-key', 'document-id', 'device-info', 'ephemeral']
      waiting.push(...purposes.map((purpose) => derive(key as Uint8Array, purpose)), sha512(key).slice(0, 32))
    }
    for (const { wrappedPrevious } of blocks) {
      if (wrappedPrevious === undefined) continue
      const inside = nacl.secretbox.open(wrappedPrevious.subarray(24), wrappedPrevious.subarray(0, 24), key)
      if (inside !== null && !isKnown(inside)) waiting.push(inside)
    }
  }
  return found
}

/** Tries every guess that is the secret of any public key in the keyring on every box in it, whoever it was made for. */
function openSealed(guesses: readonly Uint8Array[], keyring: readonly KeyringRecord[]): readonly Uint8Array[] {
  const members = keyring.flatMap((record) => [
    ...('device' in record ? [record.device.box] : []),
    ...('recovery' in record ? [record.recovery.box] : []),
    ...('next' in record ? [record.next.box] : []),
    ...('nextRecovery' in record && record.nextRecovery ? [record.nextRecovery.box] : []),
  ])
  const boxes = keyring.flatMap((record) => [
    ...('sealedKey' in record ? [{ from: record.ephemeral, box: record.sealedKey }] : []),
    ...('epoch' in record ? record.epoch.sealed.map(({ box }) => ({ from: record.epoch.ephemeral, box })) : []),
  ])
  const publics = new Set([...members, ...boxes.map(({ from }) => from)].map(hex))
  const opened: Uint8Array[] = []
  for (const secret of guesses.filter((guess) => publics.has(hex(publicKeyOf(guess)))))
    for (const { from, box } of boxes)
      for (const to of members) {
        const nonce = hashParts(sha512, 'seal-nonce', from, to).slice(0, 24)
        for (const other of [from, to]) {
          const key = nacl.box.open(box, nonce, other, secret)
          if (key !== null) opened.push(key)
        }
      }
  return opened
}

/** X25519, by Node: a hundred times as fast as in JavaScript, and there are thousands of guesses. */
function publicKeyOf(secret: Uint8Array): Uint8Array {
  return rawPublicKey(createPrivateKey({ key: Buffer.concat([x25519Prefix, secret]), format: 'der', type: 'pkcs8' }))
}

function rawPublicKey(key: KeyObject): Uint8Array {
  return new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32))
}

function readNames(keyring: readonly KeyringRecord[], keys: ReadonlyMap<string, Uint8Array>): string {
  const names: string[] = []
  for (const record of keyring) {
    if (!('device' in record)) continue
    const { info, signing } = record.device
    // The clear part is a version and a position, which takes one to three bytes.
    for (const key of keys.values())
      for (const start of [2, 3, 4]) {
        const box = info.subarray(start + 24)
        const opened = nacl.secretbox.open(box, info.subarray(start, start + 24), derive(key, 'device-info', signing))
        if (opened !== null) names.push(readPadded(opened))
      }
  }
  return names.join()
}

/** What is in padded content, a character a byte. */
function readPadded(padded: Uint8Array): string {
  const isDeflated = padded[0] === 1
  let at = 1
  while ((padded[at] ?? 0) >= 128) at++
  const content = padded.subarray(at + 1)
  return Buffer.from(isDeflated ? inflateRawSync(content) : content).toString('latin1')
}
