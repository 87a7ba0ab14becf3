import { useMemo } from 'react'
import { encode } from 'uqr'

/** Light modules around it, which readers need to find it. */
const MARGIN = 4

/** A QR code, dark on light in both themes: many readers take no other. */
export function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const { size, path } = useMemo(() => {
    const code = encode(text, { border: MARGIN })
    const squares = code.data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : [])))
    return { size: code.size, path: squares.join('') }
  }, [text])
  return (
    <svg role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} shapeRendering="crispEdges" className="qr-code">
      <path d={path} />
    </svg>
  )
}
