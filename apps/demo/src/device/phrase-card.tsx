// The recovery phrase: shown, then three of its words asked for. The device keeps it until they were given, so that "later" loses
// nothing.
import { useSync } from '@owlivion/sync-react'
import { type FormEvent, useEffect, useId, useRef, useState } from 'react'
import { Button } from '../ui/button'
import { CopyButton } from '../ui/copy-button'
import { ErrorNotice } from '../ui/error-notice'
import { useAction } from '../ui/use-action'
import { useFocusHere } from '../ui/use-focus-here'

interface PhraseCardProps {
  /** It is confirmed, or somebody will do that later. */
  readonly onDone: () => void
}

export function PhraseCard({ onDone }: PhraseCardProps) {
  const sync = useSync()
  const [phrase, setPhrase] = useState<string>()
  const [isChecking, setIsChecking] = useState(false)
  const done = useRef(onDone)
  done.current = onDone
  useEffect(() => {
    let isOver = false
    void sync.unconfirmedPhrase().then((kept) => {
      if (isOver) return
      if (kept === undefined) done.current()
      else setPhrase(kept)
    })
    return () => {
      isOver = true
    }
  }, [sync])
  if (phrase === undefined) return null
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto flex min-h-full w-full max-w-lg flex-col justify-center p-5">
        {isChecking ? (
          <Check onDone={onDone} onBack={() => setIsChecking(false)} />
        ) : (
          <Words phrase={phrase} onNext={() => setIsChecking(true)} onLater={onDone} />
        )}
      </div>
    </div>
  )
}

interface WordsProps {
  readonly phrase: string
  readonly onNext: () => void
  readonly onLater: () => void
}

function Words({ phrase, onNext, onLater }: WordsProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useFocusHere(heading)
  return (
    <>
      <h3 ref={heading} tabIndex={-1} className="text-lg font-semibold tracking-tight outline-none">
        Write these 24 words down
      </h3>
      <p className="mt-1 text-sm text-ink-soft">
        They are the account. Whoever has them can join with any device; nobody, not even the relay, can show them to
        you again once you have confirmed them.
      </p>
      <ol className="phrase-words" aria-label="Recovery phrase">
        {phrase.split(' ').map((word, index) => (
          // Words repeat, and the list never changes.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <li key={index}>
            <span aria-hidden="true">{index + 1}</span>
            {word}
          </li>
        ))}
      </ol>
      <div className="mt-4 flex flex-wrap gap-2">
        <Button look="primary" onClick={onNext}>
          I have written them down
        </Button>
        <CopyButton text={phrase} />
        <Button look="quiet" onClick={onLater}>
          Later
        </Button>
      </div>
    </>
  )
}

function Check({ onDone, onBack }: { readonly onDone: () => void; readonly onBack: () => void }) {
  const sync = useSync()
  const { isBusy, error, run } = useAction()
  const [questions] = useState(() => sync.phraseQuestions())
  const [words, setWords] = useState<Readonly<Record<number, string>>>({})
  const id = useId()
  const first = useRef<HTMLInputElement>(null)
  useFocusHere(first)
  const confirm = async (event: FormEvent) => {
    event.preventDefault()
    const answers = questions.map(({ position }) => ({ position, word: words[position] ?? '' }))
    if (await run(() => sync.confirmRecoveryPhrase(answers))) onDone()
  }
  return (
    <form onSubmit={confirm}>
      <h3 className="text-lg font-semibold tracking-tight">Three of the words, from your paper</h3>
      <p className="mt-1 mb-3 text-sm text-ink-soft">
        When they are right, this device forgets the phrase. Then it is on your paper only.
      </p>
      <div className="grid gap-3 sm:grid-cols-3">
        {questions.map(({ position }, index) => (
          <div key={position}>
            <label htmlFor={`${id}-${position}`} className="field-label">
              Word {position}
            </label>
            <input
              ref={index === 0 ? first : undefined}
              id={`${id}-${position}`}
              required
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              value={words[position] ?? ''}
              onChange={({ target }) => setWords({ ...words, [position]: target.value })}
              className="field h-9 font-mono"
            />
          </div>
        ))}
      </div>
      <div className="mt-4 flex flex-wrap gap-2">
        <Button look="primary" type="submit" disabled={isBusy}>
          Confirm
        </Button>
        <Button onClick={onBack}>Show the words again</Button>
      </div>
      <ErrorNotice error={error} />
    </form>
  )
}
