// A contact while it is being edited, and what of it was really changed: only that is written, so that two devices may edit one
// contact at the same time and disagree only where they do.
import type { Contact, LabelledValue } from '@owlivion/sync/mail'

/** A row of the form. `kept` is the value it came from, with whatever else that one says. */
export interface DraftRow {
  readonly key: number
  readonly value: string
  readonly label: string
  readonly kept?: LabelledValue
}

export interface ContactDraft {
  readonly name: string
  readonly organisation: string
  readonly title: string
  readonly emails: readonly DraftRow[]
  readonly phones: readonly DraftRow[]
  readonly birthday: string
  readonly notes: string
}

let nextRowKey = 0

export function emptyRow(label: string): DraftRow {
  return { key: nextRowKey++, value: '', label }
}

/** The draft of a contact, or of a new one: with a row to type in for each kind of value. */
export function draftOf(contact: Contact | undefined): ContactDraft {
  const rows = (values: readonly LabelledValue[] | undefined, label: string) =>
    values?.map((kept) => ({ key: nextRowKey++, value: kept.value, label: kept.label ?? '', kept })) ?? [
      emptyRow(label),
    ]
  return {
    name: contact?.name ?? '',
    organisation: contact?.organisation ?? '',
    title: contact?.title ?? '',
    emails: rows(contact?.emails, 'home'),
    phones: rows(contact?.phones, 'mobile'),
    birthday: contact?.birthday ?? '',
    notes: contact?.notes ?? '',
  }
}

type DraftFields = Pick<Contact, keyof ContactDraft>

/** Every field the form holds; undefined where it says nothing. */
function fieldsOf(draft: ContactDraft): { readonly [Field in keyof DraftFields]: DraftFields[Field] | undefined } {
  const text = (value: string) => value.trim() || undefined
  const values = (rows: readonly DraftRow[]): readonly LabelledValue[] | undefined => {
    const filled = rows.filter(({ value }) => value.trim() !== '')
    return filled.length === 0 ? undefined : filled.map(rowValue)
  }
  return {
    name: draft.name.trim(),
    organisation: text(draft.organisation),
    title: text(draft.title),
    emails: values(draft.emails),
    phones: values(draft.phones),
    birthday: text(draft.birthday),
    notes: text(draft.notes),
  }
}

function rowValue({ value, label, kept }: DraftRow): LabelledValue {
  const { label: _, ...rest } = kept ?? { value: '' }
  return { ...rest, value: value.trim(), ...(label.trim() && { label: label.trim() }) }
}

/** A new contact from the form. */
export function contactOf(draft: ContactDraft): Contact {
  const given = Object.entries(fieldsOf(draft)).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as unknown as Contact
}

/**
 * The fields that the form changed, compared with what it showed when it was opened, not with what the record says by now: an edit that
 * arrived meanwhile is not taken back by somebody who never touched that field.
 */
export function changesOf(
  before: ContactDraft,
  after: ContactDraft,
): { [Field in keyof Contact]?: Contact[Field] | undefined } {
  const [old, now] = [fieldsOf(before), fieldsOf(after)]
  const changed = Object.entries(now).filter(
    ([field, value]) => JSON.stringify(value) !== JSON.stringify(old[field as keyof DraftFields]),
  )
  return Object.fromEntries(changed)
}
