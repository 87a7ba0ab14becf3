import { type InputHTMLAttributes, useId } from 'react'

interface TextFieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'value' | 'onChange'> {
  readonly label: string
  readonly hint?: string
  readonly value: string
  readonly onValue: (value: string) => void
}

/** One line to type in, with its name above and what is asked of it below. */
export function TextField({ label, hint, onValue, ...rest }: TextFieldProps) {
  const [field, description] = [useId(), useId()]
  return (
    <div className="mt-3">
      <label htmlFor={field} className="field-label">
        {label}
      </label>
      <input
        id={field}
        aria-describedby={hint === undefined ? undefined : description}
        required
        spellCheck={false}
        autoCapitalize="none"
        onChange={(event) => onValue(event.target.value)}
        className="field h-9"
        {...rest}
      />
      {hint !== undefined && (
        <p id={description} className="mt-1 text-[0.8125rem] text-pretty text-ink-soft">
          {hint}
        </p>
      )}
    </div>
  )
}

type KnownFieldProps = Pick<TextFieldProps, 'value' | 'onValue'> & Partial<TextFieldProps>

export function PasswordField(props: KnownFieldProps) {
  return <TextField label="Password" type="password" autoComplete="current-password" {...props} />
}

/** Text and not a number: a backup code has letters. */
export function CodeField(props: KnownFieldProps) {
  return <TextField label="Code" autoComplete="one-time-code" {...props} />
}
