import { type ReactNode, useRef } from 'react'
import { useFocusHere } from '../ui/use-focus-here'

/** Names the screen, and takes the focus when it comes: the button that led here may be gone. */
export function SectionTitle({ children }: { readonly children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useFocusHere(heading)
  return (
    <h3 ref={heading} tabIndex={-1} className="section-title">
      {children}
    </h3>
  )
}
