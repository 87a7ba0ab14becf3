import { colourOf, initials } from './contact-text'

const colours = 7

export function Avatar({
  id,
  name,
  isLarge = false,
}: {
  readonly id: string
  readonly name: string
  readonly isLarge?: boolean
}) {
  return (
    <span
      aria-hidden="true"
      className={`avatar avatar-${colourOf(id, colours)} ${isLarge ? 'size-14 text-xl' : 'size-9 text-[0.8125rem]'}`}
    >
      {initials(name)}
    </span>
  )
}
