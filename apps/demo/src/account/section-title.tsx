import { type ReactNode, useEffect, useRef } from 'react'

/** Names the screen, and takes the focus when it comes: the button that led here may be gone. */
export function SectionTitle({ children }: { readonly children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <h3 ref={heading} tabIndex={-1} className="section-title">
      {children}
    </h3>
  )
}
