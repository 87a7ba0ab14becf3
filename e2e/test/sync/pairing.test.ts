// A device lets another one in, with the real relay between them: both codes, people who say no, a mailbox that lies, and crashes.
import {
  createAccount,
  isSyncError,
  joinAccount,
  openAccount,
  openMemoryStore,
  type Platform,
  type Store,
  type StoreBatch,
  type Sync,
} from '@owlivion/sync'
import { acceptPairing, type PairingApproval, type PairingOffer, startPairing } from '@owlivion/sync/pairing'
import { decodeFrame, encodeFrame, type Frame } from '@owlivion/sync-protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../support/temporary-folder'
import { type PipeRelay, startPipeRelay } from '../../support/world'

interface Contact {
  readonly name: string
  readonly city?: string
}

const url = 'ws://localhost:1'

let pipe: PipeRelay
let laptop: Sync
let recoveryPhrase: string
const opened: Sync[] = []

beforeEach(async () => {
  pipe = startPipeRelay(await temporaryFolder())
  const created = await createAccount({
    platform: pipe.platform,
    store: openMemoryStore(),
    relay: url,
    deviceName: 'laptop',
  })
  laptop = keep(created.sync)
  recoveryPhrase = created.recoveryPhrase
  await (await laptop.open<Contact>('contacts')).add('ann', { name: 'Ann' })
  await laptop.flush()
})

afterEach(async () => {
  for (const sync of opened.splice(0)) await sync.close()
  await pipe.close()
})

function keep(sync: Sync): Sync {
  opened.push(sync)
  return sync
}

/** What was sent has arrived. */
async function atTheRelay(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

type Change = (frame: Frame) => readonly Frame[]

/** A platform whose mailbox connections pass through somebody's hands. */
function through(changes: { readonly sent?: Change; readonly heard?: Change }, platform = pipe.platform): Platform {
  const isMail = (frame: Frame) => frame.type.startsWith('mailbox-')
  return {
    ...platform,
    connect(address, handlers) {
      const socket = platform.connect(address, {
        ...handlers,
        received(bytes) {
          const frame = decodeFrame(bytes)
          const frames = isMail(frame) ? (changes.heard?.(frame) ?? [frame]) : [frame]
          for (const each of frames) handlers.received(encodeFrame(each))
        },
      })
      return {
        send(bytes) {
          const frame = decodeFrame(bytes)
          const frames = isMail(frame) ? (changes.sent?.(frame) ?? [frame]) : [frame]
          for (const each of frames) socket.send(encodeFrame(each))
        },
        close: (code, reason) => socket.close(code, reason),
        bufferedBytes: 0,
      }
    },
  }
}

interface Phone {
  readonly store: Store
  readonly offer: PairingOffer
}

async function offer(
  options: { platform?: Platform; store?: Store; existing?: 'merge'; relay?: string; deviceName?: string } = {},
): Promise<Phone> {
  const store = options.store ?? openMemoryStore()
  const made = await startPairing({
    platform: pipe.platform,
    relay: url,
    deviceName: 'phone',
    devicePlatform: 'Test',
    ...options,
    store,
  })
  return { store, offer: made }
}

async function until(side: PairingOffer | PairingApproval, isDone: () => boolean): Promise<void> {
  while (!isDone()) {
    if (side.state === 'failed') return
    await new Promise<void>((resolve) => {
      const stop = side.subscribe(() => {
        stop()
        resolve()
      })
    })
  }
}

const outcome = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error) => (isSyncError(error) ? error.code : String(error)),
  )

const activeNames = () =>
  laptop
    .devices()
    .filter((device) => !device.isRemoved)
    .map(({ name }) => name)

async function expectSameRecords(phone: Sync): Promise<void> {
  const contacts = await phone.open<Contact>('contacts')
  await phone.whenCaughtUp()
  expect(contacts.get('ann')).toMatchObject({ name: 'Ann' })
  await contacts.add('from the phone', { name: 'Phone' })
  await phone.flush()
  const there = await laptop.open<Contact>('contacts')
  await new Promise<void>((resolve) => {
    const check = (): void => {
      if (there.has('from the phone')) resolve()
    }
    there.subscribe(check)
    check()
  })
}

async function expectNothing({ store, offer: made }: Phone): Promise<void> {
  await outcome(made.result)
  expect((await store.list(['profile'])).length).toBe(0)
  await expect(openAccount({ platform: pipe.platform, store })).rejects.toMatchObject({ code: 'profile-missing' })
}

describe('a code that is scanned', () => {
  it('lets the new device in when the person at the other one agrees', async () => {
    const phone = await offer()
    const approval = await acceptPairing(laptop, phone.offer.qrText)
    expect(approval).toMatchObject({
      state: 'asking',
      digits: undefined,
      newcomer: { name: 'phone', platform: 'Test' },
    })
    expect(activeNames()).toEqual(['laptop'])
    approval.approve()
    const sync = keep(await phone.offer.result)
    expect(phone.offer).toMatchObject({ state: 'joined', approvedBy: 'laptop' })
    expect(await approval.result).toEqual({ id: sync.deviceId, name: 'phone', platform: 'Test' })
    expect(sync.accountId).toBe(laptop.accountId)
    expect(activeNames()).toEqual(['laptop', 'phone'])
    await expectSameRecords(sync)
  })

  it('lets nobody in when the person says no', async () => {
    const phone = await offer()
    const approval = await acceptPairing(laptop, phone.offer.qrText)
    approval.refuse()
    expect(await outcome(phone.offer.result)).toBe('pairing-refused')
    expect(await outcome(approval.result)).toBe('pairing-refused')
    expect(activeNames()).toEqual(['laptop'])
    await expectNothing(phone)
  })

  it('lets nobody in when the person at the new device changes their mind', async () => {
    const phone = await offer()
    const approval = await acceptPairing(laptop, phone.offer.qrText)
    phone.offer.cancel()
    expect(await outcome(approval.result)).toBe('pairing-refused')
    approval.approve()
    expect(activeNames()).toEqual(['laptop'])
    await expectNothing(phone)
  })

  it('is good for one reader: the second is turned away, and the people at the screens hear of it', async () => {
    const phone = await offer()
    const approval = await acceptPairing(laptop, phone.offer.qrText)
    const tablet = keep(
      await joinAccount({
        platform: pipe.platform,
        store: openMemoryStore(),
        relay: url,
        deviceName: 'tablet',
        recoveryPhrase,
      }),
    )
    await tablet.open('contacts')
    await tablet.whenCaughtUp()
    expect(await outcome(acceptPairing(tablet, phone.offer.qrText))).toBe('mailbox-taken')
    expect(await outcome(approval.result)).toBe('mailbox-taken')
    expect(await outcome(phone.offer.result)).toBe('mailbox-taken')
    await expectNothing(phone)
  })

  it('of another relay is refused by name', async () => {
    const phone = await offer({ relay: 'ws://localhost:2' })
    const accepting = acceptPairing(laptop, phone.offer.qrText)
    await expect(accepting).rejects.toMatchObject({
      code: 'pairing-wrong-relay',
      message: expect.stringContaining('localhost:2'),
    })
    phone.offer.cancel()
    await expectNothing(phone)
  })

  it('that nobody shows any more is of no use', async () => {
    const phone = await offer()
    await atTheRelay()
    phone.offer.cancel()
    await outcome(phone.offer.result)
    expect(await outcome(acceptPairing(laptop, phone.offer.qrText))).toBe('pairing-expired')
  })
})

describe('a code that is typed', () => {
  async function compared(phone: Phone): Promise<PairingApproval> {
    const approval = await acceptPairing(laptop, phone.offer.code.toLowerCase().replace('-', ' '))
    await until(phone.offer, () => phone.offer.digits !== undefined)
    return approval
  }

  it('lets the new device in when both people found the same digits', async () => {
    const phone = await offer()
    const approval = await compared(phone)
    expect(approval.digits).toMatch(/^\d{6}$/)
    expect(phone.offer.digits).toBe(approval.digits)
    expect(approval.newcomer).toBeUndefined()
    phone.offer.confirmDigits()
    await until(approval, () => approval.newcomer !== undefined)
    expect(approval).toMatchObject({ state: 'asking', newcomer: { name: 'phone' } })
    expect(activeNames()).toEqual(['laptop'])
    approval.approve()
    const sync = keep(await phone.offer.result)
    await approval.result
    await expectSameRecords(sync)
  })

  it('waits for the other person, whoever is first', async () => {
    const phone = await offer()
    const approval = await compared(phone)
    approval.approve()
    expect(activeNames()).toEqual(['laptop'])
    phone.offer.confirmDigits()
    keep(await phone.offer.result)
    expect(await approval.result).toMatchObject({ name: 'phone' })
  })

  it('lets nobody in when either person finds other digits', async () => {
    const first = await offer()
    const one = await compared(first)
    first.offer.confirmDigits()
    one.refuse()
    expect(await outcome(first.offer.result)).toBe('pairing-refused')
    const second = await offer()
    const other = await compared(second)
    other.approve()
    second.offer.cancel()
    expect(await outcome(other.result)).toBe('pairing-refused')
    expect(activeNames()).toEqual(['laptop'])
    await expectNothing(first)
    await expectNothing(second)
  })

  it('that was mistyped is refused before anything is sent, and one that nobody shows any more is of no use', async () => {
    expect(await outcome(acceptPairing(laptop, '2222-2223'))).toBe('pairing-code')
    const phone = await offer()
    await atTheRelay()
    phone.offer.cancel()
    await outcome(phone.offer.result)
    expect(await outcome(acceptPairing(laptop, phone.offer.code))).toBe('pairing-expired')
  })
})

describe('a mailbox that lies', () => {
  /** Changes the nth message that the new device sends or hears. */
  const nth = (n: number, change: (bytes: Uint8Array) => readonly Uint8Array[]): Change => {
    let count = 0
    return (frame) => {
      if (frame.type !== 'mailbox-put' && frame.type !== 'mailbox-message') return [frame]
      const { type } = frame
      return ++count === n ? change(frame.bytes).map((bytes) => ({ type, bytes })) : [frame]
    }
  }
  const flipped = (bytes: Uint8Array): readonly Uint8Array[] => {
    const copy = bytes.slice()
    copy[copy.length - 1] = (copy[copy.length - 1] as number) ^ 1
    return [copy]
  }

  it.each([
    ['changes what the new device says', () => through({ sent: nth(1, flipped) })],
    ['repeats what the new device says', () => through({ sent: nth(1, (bytes) => [bytes, bytes]) })],
    ['makes up what the new device hears', () => through({ heard: nth(1, flipped) })],
  ])('and %s brings nobody in by a scanned code', async (_, platform) => {
    const phone = await offer({ platform: platform() })
    const [asked, approval] = await acceptPairing(laptop, phone.offer.qrText).then(
      (found) => ['found', found] as const,
      (error) => [isSyncError(error) ? error.code : String(error), undefined] as const,
    )
    approval?.approve()
    const seen = [asked, await outcome(phone.offer.result), approval && (await outcome(approval.result))]
    // What comes when a person has agreed already is found out when the device is in: it is in the list, and did not join.
    expect(seen.some((code) => code === 'pairing-mismatch' || code === 'pairing-unfinished')).toBe(true)
    expect(seen).not.toContain('done')
    await expectNothing(phone)
  })

  it('and swaps a key on the way shows people other digits, or is caught before', async () => {
    for (const step of [1, 2] as const) {
      const swap = nth(step, flipped)
      const phone = await offer({ platform: through(step === 1 ? { heard: swap } : { sent: swap }) })
      const accepted = await acceptPairing(laptop, phone.offer.code).catch((error) => error as Error)
      if (accepted instanceof Error) expect(accepted).toMatchObject({ code: 'pairing-mismatch' })
      else {
        await until(phone.offer, () => phone.offer.digits !== undefined)
        expect(accepted.digits).not.toBe(phone.offer.digits)
        accepted.refuse()
      }
      phone.offer.cancel()
      await expectNothing(phone)
    }
    expect(activeNames()).toEqual(['laptop'])
  })

  it('and drops the last word leaves a device that has joined, and says so on neither screen wrongly', async () => {
    const phone = await offer({ platform: through({ sent: nth(2, () => []) }) })
    const approval = await acceptPairing(laptop, phone.offer.qrText)
    approval.approve()
    keep(await phone.offer.result)
    pipe.cutConnections()
    expect(await outcome(approval.result)).toBe('pairing-unfinished')
    expect(activeNames()).toEqual(['laptop', 'phone'])
  })

  it('and drops the welcome leaves a device in the list that can be removed', async () => {
    const phone = await offer({ platform: through({ heard: nth(1, () => []) }) })
    const approval = await acceptPairing(laptop, phone.offer.qrText)
    approval.approve()
    await until(approval, () => approval.state === 'added')
    pipe.cutConnections()
    expect(await outcome(approval.result)).toBe('pairing-unfinished')
    expect(await outcome(phone.offer.result)).toBe('pairing-expired')
    await expectNothing(phone)
    expect(activeNames()).toEqual(['laptop', 'phone'])
    const { id } = laptop.devices().find((device) => device.name === 'phone') ?? { id: '' }
    await laptop.removeDevices([id])
    expect(activeNames()).toEqual(['laptop'])

    // Its keys are of no use any more: it hears that, and comes in with others the time after.
    const again = await offer({ store: phone.store })
    const refused = await acceptPairing(laptop, again.offer.qrText)
    refused.approve()
    expect(await outcome(again.offer.result)).toBe('pairing-refused')
    const third = await offer({ store: phone.store })
    const accepted = await acceptPairing(laptop, third.offer.qrText)
    accepted.approve()
    keep(await third.offer.result)
    expect(await outcome(accepted.result)).toBe('done')
  })
})

describe('a new device that crashes', () => {
  class Crash extends Error {}

  /** A store whose process ends at the nth commit, before or after it. */
  function crashingAt(n: number, inner: Store, when: 'before' | 'after'): Store {
    let commits = 0
    return {
      ...inner,
      get: (key) => inner.get(key),
      list: (prefix) => inner.list(prefix),
      close: async () => {},
      commit: async (batch: StoreBatch, options) => {
        const isNow = ++commits === n
        if (isNow && when === 'before') throw new Crash('the process has ended')
        await inner.commit(batch, options)
        if (isNow) throw new Crash('the process has ended')
      },
    }
  }

  it.each([
    [1, 'before'],
    [1, 'after'],
    [2, 'before'],
    [2, 'after'],
  ] as const)(
    'at commit %i, %s it, holds nothing or is a member; pairing once more makes it one device',
    async (n, when) => {
      const disk = openMemoryStore()
      const first = await offer({ store: crashingAt(n, disk, when) }).catch((error) => error as Error)
      if (!(first instanceof Error)) {
        const approval = await acceptPairing(laptop, first.offer.qrText)
        approval.approve()
        await outcome(first.offer.result)
        await until(approval, () => approval.state === 'added' || approval.state === 'joined')
      }
      const isMember = (await disk.list(['profile'])).length > 0
      if (isMember) keep(await openAccount({ platform: pipe.platform, store: disk }))
      else {
        const second = await offer({ store: disk })
        const approval = await acceptPairing(laptop, second.offer.qrText)
        approval.approve()
        keep(await second.offer.result)
        await approval.result
      }
      expect(activeNames()).toEqual(['laptop', 'phone'])
    },
  )
})

describe('a new device that holds an account of its own', () => {
  async function localStore(): Promise<Store> {
    const store = openMemoryStore()
    const { sync } = await createAccount({
      platform: pipe.platform,
      store,
      relay: url,
      deviceName: 'phone',
      online: false,
    })
    const contacts = await sync.open<Contact>('contacts')
    await contacts.addAll([
      ['bob', { name: 'Bob' }],
      ['ann', { name: 'Ann', city: 'Rome' }],
    ])
    // Closing an account closes its store: what it held is copied for the next.
    const rows = await store.list([])
    await sync.close()
    const copy = openMemoryStore()
    await copy.commit({ put: rows })
    return copy
  }

  it('is refused without being asked to merge, and merges when it is', async () => {
    const store = await localStore()
    expect(await outcome(offer({ store }))).toBe('profile-exists')
    const phone = await offer({ store, existing: 'merge' })
    const approval = await acceptPairing(laptop, phone.offer.code)
    await until(phone.offer, () => phone.offer.digits !== undefined)
    phone.offer.confirmDigits()
    approval.approve()
    const sync = keep(await phone.offer.result)
    const contacts = await sync.open<Contact>('contacts')
    expect(contacts.get('bob')).toEqual({ name: 'Bob' })
    await sync.flush()
    const there = await laptop.open<Contact>('contacts')
    await laptop.whenCaughtUp()
    await until2(() => there.has('bob'), there.subscribe.bind(there))
    expect(there.get('ann')).toEqual({ name: 'Ann', city: 'Rome' })
    expect(there.conflicts()).toEqual([])
  })

  /** A store that survives the end of its account. */
  function lasting(): Store {
    const inner = openMemoryStore()
    return {
      get: (key) => inner.get(key),
      list: (prefix) => inner.list(prefix),
      commit: (batch, options) => inner.commit(batch, options),
      close: async () => {},
      destroy: async () => {},
    }
  }

  it('comes back to the account that it was removed from with what that has not got, and disturbs nothing else', async () => {
    const store = lasting()
    const device = { platform: pipe.platform, store, relay: url, deviceName: 'phone' }
    const phone = await joinAccount({ ...device, recoveryPhrase })
    const contacts = await phone.open<Contact>('contacts')
    await phone.whenCaughtUp()
    phone.goOffline()
    await contacts.add('carl', { name: 'Carl' })
    await contacts.update('ann', { city: 'Rome' })
    await until2(() => laptop.devices().length === 2, laptop.subscribe.bind(laptop))
    await laptop.removeDevices([phone.deviceId])
    const there = await laptop.open<Contact>('contacts')
    await there.update('ann', { name: 'Annie' })
    await laptop.flush()
    phone.goOnline()
    await until2(() => phone.status.connection === 'removed', phone.subscribe.bind(phone))
    await phone.close()

    const made = await offer({ store, existing: 'merge' })
    const approval = await acceptPairing(laptop, made.offer.qrText)
    approval.approve()
    await until(made.offer, () => made.offer.state === 'approved')
    made.offer.confirmAccount()
    const again = keep(await made.offer.result)
    expect(again.deviceId).not.toBe(phone.deviceId)
    await again.flush()
    await until2(() => there.has('carl'), there.subscribe.bind(there))
    expect(there.get('ann')).toEqual({ name: 'Annie', city: 'Rome' })
    expect(there.conflicts()).toEqual([])
  })

  it('that was removed from its account brings all that it has into another', async () => {
    const store = lasting()
    const { sync: other, recoveryPhrase: otherPhrase } = await createAccount({
      platform: pipe.platform,
      store: openMemoryStore(),
      relay: url,
      deviceName: 'other',
    })
    keep(other)
    await (await other.open<Contact>('contacts')).add('dora', { name: 'Dora' })
    await other.flush()
    const device = { platform: pipe.platform, store, relay: url, deviceName: 'phone' }
    const phone = await joinAccount({ ...device, recoveryPhrase: otherPhrase })
    await phone.open<Contact>('contacts')
    await phone.whenCaughtUp()
    await until2(() => other.devices().length === 2, other.subscribe.bind(other))
    await other.removeDevices([phone.deviceId])
    await until2(() => phone.status.connection === 'removed', phone.subscribe.bind(phone))
    await phone.close()

    const joined = keep(await joinAccount({ ...device, recoveryPhrase, existing: 'merge' }))
    const contacts = await joined.open<Contact>('contacts')
    await joined.whenCaughtUp()
    expect(contacts.ids().sort()).toEqual(['ann', 'dora'])
  })

  it('asks its person before a scanned code takes its records into somebody’s account', async () => {
    const phone = await offer({ store: await localStore(), existing: 'merge' })
    const approval = await acceptPairing(laptop, phone.offer.qrText)
    approval.approve()
    await until(phone.offer, () => phone.offer.state === 'approved')
    expect(phone.offer.approvedBy).toBe('laptop')
    phone.offer.cancel()
    expect(await outcome(phone.offer.result)).toBe('pairing-refused')
    expect(await outcome(approval.result)).toBe('pairing-unfinished')
    const still = keep(await openAccount({ platform: pipe.platform, store: phone.store, online: false }))
    expect(still.accountId).not.toBe(laptop.accountId)
    expect((await still.open<Contact>('contacts')).size).toBe(2)
  })

  it('that is locked out before it could join is told so, keeps what it has, and pairs anew', async () => {
    const phone = await offer({ store: await localStore(), existing: 'merge' })
    const approval = await acceptPairing(laptop, phone.offer.qrText)
    approval.approve()
    await until(phone.offer, () => phone.offer.state === 'approved')
    await laptop.removeDevices([approval.newcomer?.id ?? ''])
    phone.offer.confirmAccount()
    expect(await outcome(phone.offer.result)).toBe('device-removed')

    const again = await offer({ store: phone.store, existing: 'merge' })
    const secondApproval = await acceptPairing(laptop, again.offer.qrText)
    secondApproval.approve()
    await until(again.offer, () => again.offer.state === 'approved')
    again.offer.confirmAccount()
    const joined = keep(await again.offer.result)
    expect(joined.accountId).toBe(laptop.accountId)
    expect((await joined.open<Contact>('contacts')).size).toBeGreaterThanOrEqual(2)
  })
})

async function until2(isDone: () => boolean, subscribe: (listener: () => void) => () => void): Promise<void> {
  while (!isDone())
    await new Promise<void>((resolve) => {
      const stop = subscribe(() => {
        stop()
        resolve()
      })
    })
}
