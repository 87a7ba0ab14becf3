import { Download } from 'lucide-react'
import { Button } from '../ui/button'
import { CopyButton } from '../ui/copy-button'
import { Notice } from '../ui/notice'
import { saveFile } from '../ui/save-file'

interface BackupCodesProps {
  readonly codes: readonly string[]
  readonly onKept: () => void
}

/** Shown once: the relay has only hashes of them. */
export function BackupCodes({ codes, onKept }: BackupCodesProps) {
  const text = `${codes.join('\n')}\n`
  return (
    <Notice role="group" title={`${codes.length} backup codes, shown only now`} className="mt-3">
      <p>Each opens the account once, in the place of a code. Keep them where the authenticator app is not.</p>
      <ul aria-label="Backup codes" className="my-3 grid grid-cols-2 gap-1 font-mono text-[0.8125rem] text-ink">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="flex flex-wrap gap-2">
        <CopyButton text={text} />
        <Button icon={<Download size={15} />} onClick={() => saveFile('backup-codes.txt', 'text/plain', text)}>
          Save as a file
        </Button>
        <Button look="primary" onClick={onKept}>
          I have kept them
        </Button>
      </div>
    </Notice>
  )
}
