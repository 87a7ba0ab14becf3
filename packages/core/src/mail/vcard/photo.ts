// The photo of a card: kept when it is small, since it is synced to every device; larger ones are the app's to make smaller.
import type { ContactPhoto } from '../contact'
import type { ImportReport } from '../import-report'
import { MAX_PHOTO_BYTES } from '../limits'
import { binaryToBytes, decodeBase64 } from './charset'

/** A photo that is too large to be kept as it is. */
export interface LargePhoto {
  readonly line: number
  readonly type: ContactPhoto['type']
  /** Base64. */
  readonly data: string
}

/** Makes a photo smaller, at most `MAX_PHOTO_BYTES`, as JPEG, PNG, WebP or GIF. Undefined to leave it out. */
export type ScalePhoto = (
  bytes: Uint8Array,
  type: ContactPhoto['type'],
) => Uint8Array | undefined | Promise<Uint8Array | undefined>

/** By their first bytes: cards name the type in a dozen ways, and some name a wrong one. */
const signatures: readonly (readonly [type: ContactPhoto['type'], pattern: RegExp])[] = [
  ['image/jpeg', /^\xff\xd8\xff/],
  ['image/png', /^\x89PNG\r\n/],
  ['image/gif', /^GIF8/],
  ['image/webp', /^RIFF[\s\S]{4}WEBP/],
]

/** What base64 of a card shows, or why it is not kept. */
export function readPhoto(line: number, base64: string, report: ImportReport): ContactPhoto | LargePhoto | undefined {
  const binary = decodeBase64(base64)
  const [type] = signatures.find(([, pattern]) => pattern.test(binary ?? '')) ?? []
  if (binary === undefined || type === undefined) {
    report.leaveOut(line, 'PHOTO', 'photo', 'The photo was left out: it is no JPEG, PNG, GIF or WebP.')
    return undefined
  }
  const photo = { type, data: btoa(binary) }
  return binary.length <= MAX_PHOTO_BYTES ? photo : { line, ...photo }
}

export function leaveOutLarge({ line }: LargePhoto, report: ImportReport): void {
  report.leaveOut(line, 'PHOTO', 'photo', `The photo was left out: it is larger than ${MAX_PHOTO_BYTES} bytes.`)
}

/** The photo as the app made it smaller, or undefined with the reason reported. */
export async function scaledPhoto(
  photo: LargePhoto,
  scale: ScalePhoto,
  report: ImportReport,
): Promise<ContactPhoto | undefined> {
  try {
    const scaled = await scale(binaryToBytes(decodeBase64(photo.data) ?? ''), photo.type)
    const kept = scaled && readPhoto(photo.line, bytesToBase64(scaled), report)
    if (kept && !('line' in kept)) return kept
    if (scaled === undefined || kept) leaveOutLarge(photo, report)
  } catch (cause) {
    // What an app does with one picture must not take the address book with it.
    const reason = cause instanceof Error ? cause.message : 'unknown'
    report.leaveOut(photo.line, 'PHOTO', 'photo', `The photo was left out: making it smaller failed (${reason}).`)
  }
  return undefined
}

function bytesToBase64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}
