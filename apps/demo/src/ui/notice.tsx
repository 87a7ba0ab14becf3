import type { ReactNode } from 'react'

const tones = {
  plain: 'border-line bg-sunken',
  warn: 'border-warn-line bg-warn-soft',
  danger: 'border-danger-line bg-danger-soft',
} as const

interface NoticeProps {
  readonly tone?: keyof typeof tones
  readonly title: ReactNode
  readonly children?: ReactNode
  /** `alert` for what somebody must hear at once. */
  readonly role?: 'alert' | 'status' | 'group'
  readonly className?: string
}

export function Notice({ tone = 'plain', title, children, role, className = '' }: NoticeProps) {
  return (
    <div role={role} className={`rounded-lg border px-3.5 py-3 text-sm ${tones[tone]} ${className}`}>
      <p className="font-medium text-ink">{title}</p>
      {children !== undefined && <div className="mt-1 text-ink-soft">{children}</div>}
    </div>
  )
}
