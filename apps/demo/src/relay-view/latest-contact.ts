import type { Collection } from '@owlivion/sync'
import type { Contact } from '@owlivion/sync/mail'
import { useEffect, useState } from 'react'
import type { Device } from '../device/device'

export interface LatestContact {
  readonly device: string
  readonly contact: Contact
}

/** The contact that was changed last in this page, or any one until that happens. */
export function useLatestContact(devices: readonly Device[]): LatestContact | undefined {
  const [latest, setLatest] = useState<LatestContact>()
  useEffect(() => {
    const endings: (() => void)[] = []
    let isOver = false
    const watch = (device: Device, collection: Collection<Contact>) => {
      const show = (ids: Iterable<string>) => {
        for (const id of ids) {
          const contact = collection.get(id)
          if (contact !== undefined) return setLatest({ device: device.name, contact })
        }
      }
      setLatest((before) => {
        const [first] = collection.list()
        return before ?? (first && { device: device.name, contact: first[1] })
      })
      endings.push(collection.subscribe((changed) => show(changed ?? collection.ids())))
    }
    for (const device of devices) {
      let watched: unknown
      const follow = () => {
        const { phase } = device
        if (phase.kind !== 'ready') return setLatest((before) => (before?.device === device.name ? undefined : before))
        if (phase.sync === watched) return
        watched = phase.sync
        phase.sync.open<Contact>('contacts').then(
          (collection) => isOver || watch(device, collection),
          // The device itself shows why it cannot read its contacts.
          () => {},
        )
      }
      follow()
      endings.push(device.subscribe(follow))
    }
    return () => {
      isOver = true
      for (const end of endings) end()
    }
  }, [devices])
  return latest
}
