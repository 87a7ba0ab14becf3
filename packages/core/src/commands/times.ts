// Times as the old client's windows read them.

/** ISO 8601 in UTC. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}

/** A member with that time, or none. */
export function timeField<Name extends string>(name: Name, ms: number | undefined): { readonly [K in Name]?: string } {
  return (ms === undefined ? {} : { [name]: isoTime(ms) }) as { readonly [K in Name]?: string }
}

/** In ms since 1970; undefined for a text that is no time. */
export function readTime(text: string | undefined): number | undefined {
  const ms = Date.parse(text ?? '')
  return Number.isNaN(ms) ? undefined : ms
}
