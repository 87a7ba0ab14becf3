// What devices have to notice: a lie that was told to a device must be reported by it, by its code, within one exchange. Who lost the
// connection before it could look, or cannot write to its disk, is excused.
import type { VirtualTime } from '../clock'
import type { Trace } from '../trace'
import type { DocumentLie } from './document-lies'

/** Longer than everything between the arrival of a page and the report: signatures, the jobs before it, commits. */
const EXCHANGE_MS = 20_000

interface Duty {
  readonly device: string
  readonly lie: DocumentLie
}

export class Duties {
  readonly #open = new Set<Duty>()

  constructor(
    private readonly time: VirtualTime,
    private readonly trace: Trace,
    private readonly fail: (reason: string) => void,
  ) {}

  owe(device: string, lie: DocumentLie): void {
    const duty = { device, lie }
    this.#open.add(duty)
    this.time.after(EXCHANGE_MS, () => {
      if (this.#open.delete(duty)) this.fail(`${device} did not notice that the relay ${lie}`)
    })
  }

  excuse(device: string): void {
    for (const duty of this.#open) if (duty.device === device) this.#open.delete(duty)
  }

  /** The device says that something is wrong with what it was told. */
  noticed(device: string): void {
    const noticed = new Set<DocumentLie>()
    for (const duty of this.#open) {
      if (duty.device !== device) continue
      this.#open.delete(duty)
      noticed.add(duty.lie)
    }
    for (const lie of noticed) this.trace.add(device, `notices that the relay ${lie}`)
  }
}
