import { X } from 'lucide-react'
import { Button, IconButton } from '../ui/button'

export interface MessageContent {
  readonly text: string
  readonly isProblem?: boolean
  readonly undo?: () => void
}

interface MessageProps {
  readonly content: MessageContent | undefined
  readonly onDismiss: () => void
}

/** What just happened. Stays until it is put away or something else happens: nobody reads against a clock. */
export function Message({ content, onDismiss }: MessageProps) {
  return (
    <div role="status">
      {content !== undefined && (
        <div className="message" data-problem={content.isProblem}>
          <p className="min-w-0 flex-1 py-1">{content.text}</p>
          {content.undo !== undefined && (
            <Button
              look="quiet"
              onClick={() => {
                content.undo?.()
                onDismiss()
              }}
            >
              Undo
            </Button>
          )}
          <IconButton label="Dismiss" icon={<X size={15} />} onClick={onDismiss} />
        </div>
      )}
    </div>
  )
}
