import { ChevronLeft } from 'lucide-react'
import type { ReactNode } from 'react'
import { IconButton } from '../ui/button'

interface PaneHeaderProps {
  readonly onBack: () => void
  readonly children?: ReactNode
}

/** The line above a detail: the way back to the list, where it is hidden behind, and what can be done here. */
export function PaneHeader({ onBack, children }: PaneHeaderProps) {
  return (
    <div className={`flex min-h-13 items-center gap-1 px-2.5 py-2 ${children === undefined ? 'back-button' : ''}`}>
      <IconButton label="Back to the list" icon={<ChevronLeft size={19} />} className="back-button" onClick={onBack} />
      <div className="ml-auto flex gap-1">{children}</div>
    </div>
  )
}
