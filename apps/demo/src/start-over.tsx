import { RotateCcw } from 'lucide-react'
import { useRef, useState } from 'react'
import { startOver } from './device/devices'
import { Button } from './ui/button'

/** Wipes both devices, after asking. */
export function StartOver() {
  const dialog = useRef<HTMLDialogElement>(null)
  const [isWiping, setIsWiping] = useState(false)
  const wipe = async () => {
    setIsWiping(true)
    await startOver().finally(() => setIsWiping(false))
    dialog.current?.close()
  }
  return (
    <>
      <Button icon={<RotateCcw size={15} />} onClick={() => dialog.current?.showModal()}>
        <span className="max-sm:sr-only">Start over</span>
      </Button>
      <dialog ref={dialog} aria-labelledby="start-over-title" aria-describedby="start-over-text" className="dialog">
        <h2 id="start-over-title" className="text-lg font-semibold tracking-tight">
          Wipe both devices?
        </h2>
        <p id="start-over-text" className="mt-1.5 text-sm text-pretty text-ink-soft">
          Keys and contacts on the laptop and the phone are deleted. The sealed boxes stay at the relay; without the
          recovery phrase nobody can open them any more.
        </p>
        <div className="mt-5 flex justify-end gap-2">
          <Button onClick={() => dialog.current?.close()}>Keep them</Button>
          <Button look="primary" disabled={isWiping} onClick={wipe}>
            {isWiping ? 'Wiping …' : 'Wipe both'}
          </Button>
        </div>
      </dialog>
    </>
  )
}
