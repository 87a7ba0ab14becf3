import { DevicePanel } from './device/device-panel'
import { laptop, phone } from './device/devices'
import { RelayPanel } from './relay-view/relay-panel'
import { StartOver } from './start-over'

export function App() {
  return (
    <>
      <header className="page-width flex items-center gap-4 pt-6 pb-5">
        <img src="/owl.svg" alt="" width={40} height={40} />
        <div className="min-w-0 flex-1">
          <h1 className="text-xl font-semibold tracking-tight">Owlivion Sync</h1>
          <p className="text-sm text-pretty text-ink-soft">
            Two devices, one address book, and a relay between them that can read none of it.
          </p>
        </div>
        <StartOver />
      </header>
      <main className="page-width grid gap-6 pb-12">
        <div className="devices">
          <DevicePanel device={laptop} other={phone} look="laptop" />
          <DevicePanel device={phone} other={laptop} look="phone" />
        </div>
        <RelayPanel />
      </main>
    </>
  )
}
