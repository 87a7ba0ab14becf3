import { FileUp } from 'lucide-react'
import { type DragEvent, type ReactNode, useRef, useState } from 'react'
import { readCardFiles } from './card-files'
import type { CardFile } from './import-cards'

interface DropAreaProps {
  readonly deviceName: string
  readonly onFiles: (files: readonly CardFile[]) => Promise<void>
  readonly children: ReactNode
}

/** Takes vCard files that are dropped on a device. By keyboard the import button does the same. */
export function DropArea({ deviceName, onFiles, children }: DropAreaProps) {
  // Entering a child is reported before leaving its parent; only the count tells whether the files are still over the device.
  const depth = useRef(0)
  const [isOver, setIsOver] = useState(false)
  const move = (by: number) => (event: DragEvent) => {
    if (!event.dataTransfer.types.includes('Files')) return
    depth.current += by
    setIsOver(depth.current > 0)
  }
  const drop = async (event: DragEvent) => {
    event.preventDefault()
    depth.current = 0
    setIsOver(false)
    await onFiles(await readCardFiles(event.dataTransfer.files))
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a place to drop on, beside the button that does the same
    <div
      className="relative flex min-h-0 flex-1 flex-col"
      onDragEnter={move(1)}
      onDragLeave={move(-1)}
      onDragOver={(event) => event.preventDefault()}
      onDrop={drop}
    >
      {children}
      {isOver && (
        <div className="drop-hint">
          <FileUp size={28} aria-hidden="true" />
          <p>Import into the address book on the {deviceName.toLowerCase()}</p>
        </div>
      )}
    </div>
  )
}
