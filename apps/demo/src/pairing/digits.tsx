import { Check, X } from 'lucide-react'
import { useRef } from 'react'
import { Button } from '../ui/button'
import { useFocusHere } from '../ui/use-focus-here'

interface DigitsProps {
  readonly digits: string
  readonly otherScreen: string
  readonly onSame: () => void
  readonly onDifferent: () => void
}

/** The question that tells whether anybody stands between two devices; both answers are as easy to give. */
export function Digits({ digits, otherScreen, onSame, onDifferent }: DigitsProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useFocusHere(heading)
  return (
    <div>
      <h3 ref={heading} tabIndex={-1} className="text-lg font-semibold tracking-tight outline-none">
        Does {otherScreen} show the same digits?
      </h3>
      <p data-testid="digits" className="my-4 text-center font-mono text-3xl font-semibold tracking-[0.2em]">
        {digits.slice(0, 3)} {digits.slice(3)}
      </p>
      <p className="text-sm text-pretty text-ink-soft">
        If they are different, somebody stands between the two devices. Compare every digit, on both screens.
      </p>
      <div className="mt-4 grid grid-cols-2 gap-2">
        <Button icon={<Check size={15} />} onClick={onSame}>
          The same
        </Button>
        <Button icon={<X size={15} />} onClick={onDifferent}>
          Different
        </Button>
      </div>
    </div>
  )
}
