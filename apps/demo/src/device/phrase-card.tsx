import { Check, Copy } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { Button } from '../ui/button'

interface PhraseCardProps {
  readonly phrase: string
  readonly onDone: () => void
}

/** The recovery phrase, shown this once. */
export function PhraseCard({ phrase, onDone }: PhraseCardProps) {
  const [copying, setCopying] = useState<'copied' | 'refused'>()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  const copy = async () => {
    const [result] = await Promise.allSettled([navigator.clipboard.writeText(phrase)])
    setCopying(result.status === 'fulfilled' ? 'copied' : 'refused')
  }
  return (
    <div className="m-auto w-full max-w-lg p-5">
      <h3 ref={heading} tabIndex={-1} className="text-lg font-semibold tracking-tight outline-none">
        Write these 24 words down
      </h3>
      <p className="mt-1 text-sm text-ink-soft">
        They are the account. Whoever has them can join with any device; nobody, not even the relay, can show them to
        you again.
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
        <Button look="primary" onClick={onDone}>
          I have written them down
        </Button>
        <Button icon={copying === 'copied' ? <Check size={15} /> : <Copy size={15} />} onClick={copy}>
          <span aria-live="polite">
            {copying === undefined ? 'Copy' : copying === 'copied' ? 'Copied' : 'The browser refused; copy by hand'}
          </span>
        </Button>
      </div>
    </div>
  )
}
