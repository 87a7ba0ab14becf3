import type { AuditKind } from '@owlivion/sync'

const words: Partial<Record<AuditKind, string>> = {
  'device-suspended': 'Device held off',
  'devices-removed': 'Device locked out',
  'device-left': 'Device signed out',
  rekeyed: 'New key',
  recovered: 'Recovered by phrase',
  'reissue-requested': 'New phrase asked for',
  'reissue-vetoed': 'New phrase vetoed',
  reissued: 'New phrase',
  'branch-replaced': 'Keyring fork decided',
}

/** A kind of event in the words of this app; most say it themselves. */
export function kindText(kind: AuditKind): string {
  const text = words[kind] ?? kind.replaceAll('-', ' ')
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
}
