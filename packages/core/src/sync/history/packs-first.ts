// What entries did is at the relay before a summary takes their place there: were this device lost right after, nobody might have them.
// A history that cannot be brought does not keep a document from being summed up; its packs stay in this device's store then.
import type { DocumentHost } from '../document/document-part'
import { owedPacks } from './owed-packs'

/** A relay that is full takes no packs, and a summary is what makes room. */
const MAX_WAIT_MS = 60_000

export class PacksFirst {
  private cancelTimer: (() => void) | undefined
  /** What is written meanwhile is not waited for again. */
  private hasWaited = false

  /** @param again looks whether the summary is due, when packs were waited for */
  constructor(
    private readonly host: DocumentHost,
    private readonly again: () => Promise<void>,
  ) {}

  get isWaiting(): boolean {
    return this.cancelTimer !== undefined
  }

  disconnected(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
    this.hasWaited = false
  }

  /** Call within a job, before a summary is made. @returns false when it is to be tried again */
  async areBrought(): Promise<boolean> {
    const { host, hasWaited } = this
    const { context, state } = host
    const { history } = context
    if (history === undefined) return true
    if (this.isWaiting) return false
    const packs = await owedPacks(state)
    if (packs.length > 0) await context.writer.write({ put: packs })
    if (host.isClosed || host.link === undefined) return false
    this.hasWaited = false
    if (hasWaited || !(await history.isOwing(state.document))) {
      if (packs.length > 0) history.owed(state.document, { isFirst: true })
      return true
    }
    if (host.link === undefined) return false
    const goOn = (): void => {
      if (this.cancelTimer !== cancel) return
      cancel()
      this.cancelTimer = undefined
      this.hasWaited = true
      host.runJob(() => this.again())
    }
    const cancel = context.platform.setTimer(MAX_WAIT_MS, goOn)
    this.cancelTimer = cancel
    void history.bring(state.document).then(goOn)
    return false
  }
}
