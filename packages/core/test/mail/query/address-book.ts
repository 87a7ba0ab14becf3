// An address book in memory that counts who reads it.
import type { Contact, ContactSource } from '@owlivion/sync/mail'

export class AddressBook implements ContactSource {
  /** How often a record was asked for since the last look. */
  reads = 0
  private readonly contactById = new Map<string, Contact>()
  private readonly usesById = new Map<string, number>()
  private readonly listeners = new Set<(changed: ReadonlySet<string> | undefined) => void>()

  get(id: string): Contact | undefined {
    this.reads++
    return this.contactById.get(id)
  }

  ids(): string[] {
    return [...this.contactById.keys()]
  }

  counter(id: string): number {
    return this.usesById.get(id) ?? 0
  }

  subscribe(listener: (changed: ReadonlySet<string> | undefined) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  get listenerCount(): number {
    return this.listeners.size
  }

  /** @param isNamed false: the listeners are told that anything may have changed */
  write(contacts: Iterable<readonly [string, Contact | undefined]>, isNamed = true): void {
    const changed = new Set<string>()
    for (const [id, contact] of contacts) {
      if (contact === undefined) this.contactById.delete(id)
      else this.contactById.set(id, Object.freeze(contact))
      changed.add(id)
    }
    this.tell(isNamed ? changed : undefined)
  }

  use(id: string, by = 1): void {
    this.usesById.set(id, this.counter(id) + by)
    this.tell(new Set([id]))
  }

  private tell(changed: ReadonlySet<string> | undefined): void {
    for (const listener of this.listeners) listener(changed)
  }
}
