// The collections that are open in this tab, each brought to whoever leads.
import { isSyncError, SyncError } from '../errors'
import type { Platform } from '../platform'
import type { LiveDocument, OnChange, StoreWriter } from '../sync'
import type { LoadedDocument, SharedMessage } from './messages'
import type { PlainStatus } from './mirror'
import { TabDocument } from './tab-document'
import type { TabSeat } from './tab-seat'

export interface TabDocumentsOptions {
  readonly platform: Platform
  readonly writer: StoreWriter
  /** Hex of this device's id. */
  device(): string
  seat(): TabSeat
  askStatus(name: string): Promise<PlainStatus>
  onStatus(): void
  report(error: SyncError): void
}

type LoadedWithStatus = LoadedDocument & { readonly status: PlainStatus }

interface Opened {
  readonly document: TabDocument
  onChange: OnChange | undefined
  /** Set while it is brought to the leader; whatever happens meanwhile has it brought again. */
  bringing: Promise<void> | undefined
  isOutdated: boolean
}

export class TabDocuments {
  private readonly opened = new Map<string, Opened>()

  constructor(private readonly options: TabDocumentsOptions) {}

  get unsent(): number {
    const { lead, mirror } = this.options.seat()
    let unsent = lead?.engine.documents.unsent ?? mirror?.unsent ?? 0
    if (lead === undefined) for (const { document } of this.opened.values()) unsent += document.untaken
    return unsent
  }

  get areHealing(): boolean {
    const { lead, mirror } = this.options.seat()
    return lead?.engine.documents.areHealing ?? mirror?.areHealing ?? false
  }

  /** @throws SyncError `profile-damaged` when it cannot be read, `closed` */
  async open(name: string, onChange?: OnChange): Promise<() => LiveDocument> {
    const present = this.opened.get(name) ?? this.create(name)
    if (onChange !== undefined) present.onChange = onChange
    for (;;) {
      try {
        if (!present.document.isOpen) await this.bring(present)
        return () => present.document
      } catch (error) {
        if (!isSyncError(error, 'lead-lost')) throw error
      }
      await this.options.seat().change()
    }
  }

  async bringAll(): Promise<void> {
    await Promise.all(
      [...this.opened.values()].map((each) =>
        this.bring(each).catch((error: unknown) => {
          // Another leader brings it again.
          if (isSyncError(error) && error.code !== 'lead-lost' && error.code !== 'closed') this.options.report(error)
        }),
      ),
    )
  }

  unlead(): void {
    for (const { document } of this.opened.values()) document.unlead()
  }

  received(message: SharedMessage & { readonly document: string }): void {
    for (const { document } of this.opened.values()) document.received(message)
  }

  changed(name: string, ids: ReadonlySet<string> | undefined): void {
    this.opened.get(name)?.onChange?.(ids)
  }

  close(): void {
    for (const { document } of this.opened.values()) document.close()
  }

  private create(name: string): Opened {
    const { platform, writer, seat, onStatus } = this.options
    const document: TabDocument = new TabDocument(name, {
      platform,
      device: this.options.device,
      writer,
      now: () => platform.now() + (seat().mirror?.clockOffsetMs ?? 0),
      isClockKnown: () => seat().mirror?.clockOffsetMs !== undefined,
      isRemoved: () => seat().mirror?.isRemoved ?? false,
      status: () => seat().mirror?.documents[document.id ?? ''],
      askStatus: () => this.options.askStatus(name),
      written: (id) => seat().link?.tell({ kind: 'written', document: id }),
      needsLoading: () => void this.bring(opened, true).catch(() => {}),
      onChange: (changed) => opened.onChange?.(changed),
      onStatus,
      report: this.options.report,
    })
    const opened: Opened = { document, onChange: undefined, bringing: undefined, isOutdated: false }
    this.opened.set(name, opened)
    return opened
  }

  private bring(opened: Opened, isOutdated = false): Promise<void> {
    opened.isOutdated ||= isOutdated
    if (opened.bringing !== undefined) {
      opened.isOutdated = true
      return opened.bringing
    }
    const bringing = this.bringOnce(opened).finally(() => {
      opened.bringing = undefined
    })
    opened.bringing = bringing
    return bringing
  }

  private async bringOnce(opened: Opened): Promise<void> {
    for (;;) {
      opened.isOutdated = false
      try {
        await this.bringTo(opened.document, this.options.seat())
        if (!opened.isOutdated) return
      } catch (error) {
        // Somebody else leads meanwhile, perhaps.
        if (!opened.isOutdated) throw error
      }
    }
  }

  private async bringTo(document: TabDocument, seat: TabSeat): Promise<void> {
    const { lead, link } = seat
    try {
      if (lead !== undefined) await document.lead(await lead.host.open(document.name), () => seat.lead === lead)
      else if (link !== undefined) await document.load(() => link.load(document.name) as Promise<LoadedWithStatus>)
      else throw new SyncError('lead-lost', 'There is no leader now.')
    } catch (error) {
      // Not this tab is closed, but the engine that led.
      if (isSyncError(error, 'closed') && seat.lead !== lead && !seat.isClosed)
        throw new SyncError('lead-lost', 'Another window took over.', { cause: error })
      throw error
    }
  }
}
