import { type ReactNode, useId, useRef } from 'react'
import { Button } from './button'

interface AskButtonProps {
  readonly look?: 'primary' | 'secondary' | 'quiet' | 'danger'
  readonly icon?: ReactNode
  readonly className?: string
  /** On the button. */
  readonly children: ReactNode
  /** The button's name for those who do not see what it stands beside. */
  readonly label?: string
  readonly question: string
  /** What happens then. */
  readonly text: ReactNode
  /** On the button that does it. */
  readonly yes: string
  readonly no?: string
  readonly onYes: () => void
}

/** A button that asks before it does something that cannot be taken back. */
export function AskButton({ children, label, question, text, yes, no = 'Cancel', onYes, ...rest }: AskButtonProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [title, description] = [useId(), useId()]
  return (
    <>
      <Button aria-label={label} onClick={() => dialog.current?.showModal()} {...rest}>
        {children}
      </Button>
      <dialog ref={dialog} aria-labelledby={title} aria-describedby={description} className="dialog">
        <h2 id={title} className="text-lg font-semibold tracking-tight">
          {question}
        </h2>
        <p id={description} className="mt-1.5 text-sm text-pretty text-ink-soft">
          {text}
        </p>
        <div className="mt-5 flex flex-wrap justify-end gap-2">
          <Button onClick={() => dialog.current?.close()}>{no}</Button>
          <Button
            look="primary"
            onClick={() => {
              dialog.current?.close()
              onYes()
            }}
          >
            {yes}
          </Button>
        </div>
      </dialog>
    </>
  )
}
