import { Plus, X } from 'lucide-react'
import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { Button, IconButton } from '../ui/button'
import { type ContactDraft, type DraftRow, emptyRow } from './contact-draft'

interface ContactFormProps {
  readonly title: string
  /** What the form shows at first. What arrives from another device while somebody types does not change it. */
  readonly opened: ContactDraft
  readonly onCancel: () => void
  readonly onSave: (draft: ContactDraft) => void
}

export function ContactForm({ title, opened, onCancel, onSave }: ContactFormProps) {
  const [draft, setDraft] = useState(opened)
  const firstField = useRef<HTMLInputElement>(null)
  useEffect(() => firstField.current?.focus(), [])
  const change = (fields: Partial<ContactDraft>) => setDraft({ ...draft, ...fields })
  const save = (event: FormEvent) => {
    event.preventDefault()
    onSave(draft)
  }
  return (
    <form
      onSubmit={save}
      className="flex min-h-0 flex-1 flex-col"
      onKeyDown={(event) => event.key === 'Escape' && onCancel()}
    >
      <div className="flex min-h-13 items-center gap-1 px-2.5 py-2">
        <h3 tabIndex={-1} className="truncate px-2.5 font-semibold tracking-tight outline-none">
          {title}
        </h3>
        <div className="ml-auto flex gap-1">
          <Button look="quiet" onClick={onCancel}>
            Cancel
          </Button>
          <Button look="primary" type="submit">
            Save
          </Button>
        </div>
      </div>
      <div className="grid min-h-0 flex-1 content-start gap-3.5 overflow-y-auto px-5 pb-6">
        <Field label="Name">
          {(id) => (
            <input
              ref={firstField}
              id={id}
              required
              autoComplete="off"
              value={draft.name}
              onChange={({ target }) => change({ name: target.value })}
              className="field h-9"
            />
          )}
        </Field>
        <Field label="Organisation">
          {(id) => (
            <input
              id={id}
              autoComplete="off"
              value={draft.organisation}
              onChange={({ target }) => change({ organisation: target.value })}
              className="field h-9"
            />
          )}
        </Field>
        <Field label="Title">
          {(id) => (
            <input
              id={id}
              autoComplete="off"
              value={draft.title}
              onChange={({ target }) => change({ title: target.value })}
              className="field h-9"
            />
          )}
        </Field>
        <Rows
          name="E-mail"
          newLabel="home"
          type="email"
          rows={draft.emails}
          onChange={(emails) => change({ emails })}
        />
        <Rows name="Phone" newLabel="mobile" type="tel" rows={draft.phones} onChange={(phones) => change({ phones })} />
        <Field label="Birthday">
          {(id) => (
            <input
              id={id}
              autoComplete="off"
              placeholder="1988-04-02"
              value={draft.birthday}
              onChange={({ target }) => change({ birthday: target.value })}
              className="field h-9"
            />
          )}
        </Field>
        <Field label="Notes">
          {(id) => (
            <textarea
              id={id}
              rows={3}
              value={draft.notes}
              onChange={({ target }) => change({ notes: target.value })}
              className="field"
            />
          )}
        </Field>
      </div>
    </form>
  )
}

function Field({ label, children }: { readonly label: string; readonly children: (id: string) => ReactNode }) {
  const id = useId()
  return (
    <div>
      <label htmlFor={id} className="field-label">
        {label}
      </label>
      {children(id)}
    </div>
  )
}

interface RowsProps {
  readonly name: string
  /** What a row that is added is for, unless somebody says otherwise. */
  readonly newLabel: string
  readonly type: 'email' | 'tel'
  readonly rows: readonly DraftRow[]
  readonly onChange: (rows: readonly DraftRow[]) => void
}

function Rows({ name, newLabel, type, rows, onChange }: RowsProps) {
  const change = (key: number, fields: Partial<DraftRow>) =>
    onChange(rows.map((row) => (row.key === key ? { ...row, ...fields } : row)))
  return (
    <fieldset>
      <legend className="field-label">{name}</legend>
      <div className="grid gap-1.5">
        {rows.map(({ key, value, label }, index) => (
          <div key={key} className="flex gap-1.5">
            <input
              // Address books hold what is no valid address, and an edit of the name must not stop at that.
              inputMode={type}
              autoComplete="off"
              aria-label={`${name} ${index + 1}`}
              value={value}
              onChange={({ target }) => change(key, { value: target.value })}
              className="field h-9 flex-1"
            />
            <input
              aria-label={`${name} ${index + 1} is for`}
              autoComplete="off"
              value={label}
              onChange={({ target }) => change(key, { label: target.value })}
              className="field h-9 w-24 shrink-0"
            />
            <IconButton
              label={`Remove ${name.toLowerCase()} ${index + 1}`}
              icon={<X size={15} />}
              onClick={() => onChange(rows.filter((row) => row.key !== key))}
            />
          </div>
        ))}
        <Button
          look="quiet"
          icon={<Plus size={15} />}
          className="justify-self-start"
          onClick={() => onChange([...rows, emptyRow(newLabel)])}
        >
          Add {name.toLowerCase()}
        </Button>
      </div>
    </fieldset>
  )
}
