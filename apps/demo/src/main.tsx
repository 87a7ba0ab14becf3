import '@fontsource-variable/geist'
import '@fontsource-variable/geist-mono'
import './style.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app'
import { devices } from './device/devices'

for (const device of devices) void device.open()

// A file that misses the devices would otherwise take the place of the page.
for (const event of ['dragover', 'drop']) window.addEventListener(event, (each) => each.preventDefault())

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
}
