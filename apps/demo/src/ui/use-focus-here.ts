// Where the keyboard goes on when a screen takes another's place and the button that was pressed is gone. Two devices share this page:
// what happens on one must not take the focus from the other, where somebody is at work.
import { type RefObject, useEffect } from 'react'

let latestDevice: Element | null = null
for (const event of ['focusin', 'pointerdown']) {
  document.addEventListener(event, ({ target }) => {
    const device = target instanceof Element ? target.closest('[data-device]') : null
    if (device !== null) latestDevice = device
  })
}

/** Takes the focus when the component comes, if this is the device that somebody used last. */
export function useFocusHere(target: RefObject<HTMLElement | null>): void {
  useEffect(() => focusHere(target.current), [target])
}

/** Takes the focus, after a change, when it was lost with what had it. */
export function useFocusWhenLost(target: RefObject<HTMLElement | null>, change: unknown): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the change is why it is looked at
  useEffect(() => {
    if (document.activeElement === document.body) focusHere(target.current)
  }, [target, change])
}

function focusHere(element: HTMLElement | null): void {
  if (element !== null && element.closest('[data-device]') === latestDevice) element.focus()
}
