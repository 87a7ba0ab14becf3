// The two words of the old service that windows draw.
import { readTime } from './times'

const units = [
  { name: 'day', ms: 86_400_000 },
  { name: 'hour', ms: 3_600_000 },
  { name: 'minute', ms: 60_000 },
] as const

const never: Readonly<Record<string, string>> = { tr: 'Hiç senkronize edilmedi', en: 'Never synced' }

/** How long ago; a time that is no time was never. */
export function formatLastSync(lastSync: string | null | undefined, now: number, language: string): string {
  const atMs = readTime(lastSync ?? undefined)
  if (atMs === undefined) return never[language.slice(0, 2)] ?? (never.en as string)
  // A clock that was set back is no reason to speak of the future.
  const passedMs = Math.max(0, now - atMs)
  const unit = units.find(({ ms }) => passedMs >= ms)
  const words = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  return unit === undefined ? words.format(0, 'second') : words.format(-Math.floor(passedMs / unit.ms), unit.name)
}

const icons: Readonly<Record<string, string>> = { windows: '🪟', macos: '🍎', linux: '🐧' }

export function platformIcon(platform: string): string {
  return icons[platform.toLowerCase()] ?? '💻'
}
