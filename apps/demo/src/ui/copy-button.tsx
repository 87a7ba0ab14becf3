import { Check, Copy } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../ui/button'

/** Puts a text on the clipboard, and says whether the browser let it. */
export function CopyButton({ text }: { readonly text: string }) {
  const [copying, setCopying] = useState<'copied' | 'refused'>()
  const copy = async () => {
    const [result] = await Promise.allSettled([navigator.clipboard.writeText(text)])
    setCopying(result.status === 'fulfilled' ? 'copied' : 'refused')
  }
  return (
    <Button icon={copying === 'copied' ? <Check size={15} /> : <Copy size={15} />} onClick={copy}>
      <span aria-live="polite">
        {copying === undefined ? 'Copy' : copying === 'copied' ? 'Copied' : 'The browser refused; copy by hand'}
      </span>
    </Button>
  )
}
