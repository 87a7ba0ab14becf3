// A real account in memory that never goes online, and components drawn the way an app draws them: under StrictMode.
import './dom'
import { createAccount, openMemoryStore, type Sync } from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'
import { act, createElement, type ReactNode, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { onTestFinished } from 'vitest'
import { SyncProvider } from '../src/index'

export async function openTestAccount(): Promise<Sync> {
  const { sync } = await createAccount({
    platform: nodePlatform(),
    store: openMemoryStore(),
    relay: 'ws://localhost:1',
    deviceName: 'test',
    online: false,
  })
  onTestFinished(() => sync.close())
  return sync
}

export interface Drawn {
  text(): string
  /** Draws other children, or the same again, in the same place. */
  redraw(children: ReactNode): Promise<void>
  unmount(): Promise<void>
}

/** Draws `children` below a provider and waits until what they open is open. */
export async function draw(sync: Sync, children: ReactNode): Promise<Drawn> {
  const container = document.createElement('div')
  const root = createRoot(container)
  const redraw = (next: ReactNode) =>
    settled(() => root.render(createElement(StrictMode, null, createElement(SyncProvider, { sync }, next))))
  const unmount = () => settled(() => root.unmount())
  onTestFinished(unmount)
  await redraw(children)
  return { text: () => container.textContent ?? '', redraw, unmount }
}

/** Does something and lets everything that follows from it happen. */
export async function settled(action: () => unknown): Promise<void> {
  // Only here: what another device does arrives when it likes, and React would call every such change a mistake of the test.
  const environment = globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }
  environment.IS_REACT_ACT_ENVIRONMENT = true
  await act(async () => {
    await action()
    // Opening a collection of a store in memory takes some promises and no timer that would outlast this one.
    await new Promise((resolve) => setTimeout(resolve, 10))
  })
  environment.IS_REACT_ACT_ENVIRONMENT = false
}
