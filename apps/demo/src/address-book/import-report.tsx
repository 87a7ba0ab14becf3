import { CircleCheck } from 'lucide-react'
import { Notice } from '../ui/notice'
import type { CardImport } from './import-cards'
import { PaneHeader } from './pane-header'

interface ImportReportProps {
  readonly imports: readonly CardImport[]
  readonly onBack: () => void
}

/** What came of an import: how many, and line by line what was not taken and why. */
export function ImportReport({ imports, onBack }: ImportReportProps) {
  return (
    <>
      <PaneHeader onBack={onBack} />
      <div className="min-h-0 flex-1 overflow-y-auto px-5 pb-6 @min-[36rem]:pt-5">
        <h3 tabIndex={-1} className="text-lg font-semibold tracking-tight outline-none">
          Import
        </h3>
        {imports.map((each, index) => (
          // Two files may have one name, and the list never changes.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <FileReport key={index} report={each} />
        ))}
      </div>
    </>
  )
}

function FileReport({ report: { file, added, joined, unchanged, refused, leftOut } }: { readonly report: CardImport }) {
  const counts = [
    added > 0 && `${added} added`,
    joined > 0 && `${joined} joined with contacts that were here`,
    unchanged > 0 && `${unchanged} here already`,
  ].filter(Boolean)
  return (
    <div className="mt-3">
      <p role="status" className="flex items-start gap-2 text-sm">
        <CircleCheck size={17} aria-hidden="true" className="mt-0.5 shrink-0 text-accent" />
        <span>
          <span className="font-medium break-all">{file}</span>
          <span className="block text-ink-soft">{counts.join(', ') || 'Nothing was imported'}</span>
        </span>
      </p>
      {refused.length > 0 && (
        <Notice tone="warn" role="group" title={`${refused.length} refused`} className="mt-2">
          <ul className="grid gap-1">
            {refused.map(({ line, code, reason }) => (
              <li key={`${line} ${code}`}>
                Line {line}: {reason}
              </li>
            ))}
          </ul>
        </Notice>
      )}
      {leftOut.length > 0 && (
        <details className="mt-2 text-sm">
          <summary className="cursor-pointer rounded font-medium">{leftOut.length} left out of imported cards</summary>
          <ul className="mt-1.5 grid gap-1 text-ink-soft">
            {leftOut.map(({ line, property, code, reason }) => (
              <li key={`${line} ${property} ${code}`}>
                Line {line}
                {property && `, ${property}`}: {reason}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  )
}
