// Another recovery phrase, with the real relay: by the old one, by two devices, by one that waits a week; and what the old phrase is worth then.
import { describe, expect, it } from 'vitest'
import { KeyWorld, type WorldDevice } from '../../support/key-world'

const DAY_MS = 86_400_000

async function twoDevices() {
  const world = new KeyWorld()
  const laptop = await world.create('laptop')
  const phone = await world.join('phone', laptop.phrase)
  await laptop.notes.add('1', { text: 'kept' })
  await world.until(() => phone.texts.length === 1 && laptop.sync.status.isGreen)
  return { world, laptop, phone }
}

/** Long enough that a device's word counts. */
async function week(world: KeyWorld, ...devices: readonly WorldDevice[]): Promise<void> {
  for (const device of devices) device.sync.goOffline()
  world.timeMs += 8 * DAY_MS
  for (const device of devices) device.sync.goOnline()
  await world.until(() => devices.every((device) => device.sync.status.isGreen))
}

/** Answers the three questions with these words. */
const confirm = (device: WorldDevice, phrase: string): Promise<void> => {
  const words = phrase.split(' ')
  return device.sync.confirmRecoveryPhrase(
    device.sync.phraseQuestions().map(({ position }) => ({ position, word: ` ${words[position - 1]?.toUpperCase()}` })),
  )
}

describe('the phrase of a new account', () => {
  it('is kept until three of its words were typed back, also over a crash', async () => {
    const world = new KeyWorld()
    const laptop = await world.create('laptop')
    expect(laptop.sync.status.isPhraseConfirmed).toBe(false)
    const questions = laptop.sync.phraseQuestions()
    expect(new Set(questions.map(({ position }) => position)).size).toBe(3)
    for (const { position } of questions) expect(position >= 1 && position <= 24).toBe(true)
    laptop.kill()
    await laptop.reopen()
    expect(laptop.sync.phraseQuestions()).toEqual(questions)
    expect(await laptop.sync.unconfirmedPhrase()).toBe(laptop.phrase)

    const answers = questions.map(({ position }) => ({
      position,
      word: laptop.phrase.split(' ')[position - 1] as string,
    }))
    for (const [i, { position }] of questions.entries()) {
      const wrong = answers.map((answer, j) => (i === j ? { position, word: 'wrong' } : answer))
      await expect(laptop.sync.confirmRecoveryPhrase(wrong)).rejects.toMatchObject({
        code: 'phrase-check-failed',
        message: expect.stringContaining(`Word ${position} `),
      })
      const missing = answers.filter((answer) => answer.position !== position)
      await expect(laptop.sync.confirmRecoveryPhrase(missing)).rejects.toMatchObject({ code: 'phrase-check-failed' })
    }
    expect(laptop.sync.status.isPhraseConfirmed).toBe(false)
    await confirm(laptop, laptop.phrase)
    expect(laptop.sync.status.isPhraseConfirmed).toBe(true)
    expect([await laptop.sync.unconfirmedPhrase(), laptop.sync.phraseQuestions()]).toEqual([undefined, []])
    await laptop.reopen()
    expect(laptop.sync.status.isPhraseConfirmed).toBe(true)
    expect(await laptop.rows.list(['phrase'])).toEqual([])
  })

  it('is nothing to confirm on a device that came with it', async () => {
    const { laptop, phone } = await twoDevices()
    expect(phone.sync.status.isPhraseConfirmed).toBe(true)
    expect(await phone.sync.unconfirmedPhrase()).toBeUndefined()
    await phone.sync.confirmRecoveryPhrase([])
    expect(laptop.sync.status.isPhraseConfirmed).toBe(false)
  })
})

describe('a new phrase by the old one', () => {
  it('finds the account and opens everything; the old one finds nothing any more', async () => {
    const { world, laptop, phone } = await twoDevices()
    const phrase = await world.outcomeOf(phone.sync.reissuePhrase({ recoveryPhrase: laptop.phrase }))
    expect(phrase.split(' ').length).toBe(24)
    await phone.notes.add('2', { text: 'after' })
    const tablet = await world.join('tablet', phrase)
    await world.until(() => tablet.texts.length === 2)
    expect(tablet.sync.accountId).toBe(laptop.sync.accountId)
    expect(await world.codeOf(world.join('thief', laptop.phrase))).toBe('account-unknown')
    expect(await world.codeOf(world.recover('thief', laptop.phrase))).toBe('account-unknown')

    // The one that was never confirmed counts no more, and is not shown any more.
    await world.until(() => laptop.sync.status.isPhraseConfirmed)
    expect([phone.sync.status.isPhraseConfirmed, await phone.sync.unconfirmedPhrase()]).toEqual([false, phrase])
    await confirm(phone, phrase)
    expect(phone.sync.status.isPhraseConfirmed).toBe(true)

    const recovered = await world.recover('recovered', phrase)
    await world.until(() => recovered.texts.length === 2)
    expect(recovered.activeNames).toEqual(['recovered'])
    expect(recovered.sync.accountId).toBe(laptop.sync.accountId)
  })

  it('is refused to whoever has another phrase, or none', async () => {
    const { world, laptop, phone } = await twoDevices()
    const stranger = await new KeyWorld().create('stranger')
    await expect(phone.sync.reissuePhrase({ recoveryPhrase: stranger.phrase })).rejects.toMatchObject({
      code: 'wrong-account',
    })
    await expect(phone.sync.reissuePhrase({ recoveryPhrase: 'no phrase' })).rejects.toMatchObject({
      code: 'phrase-length',
    })
    const phrase = await world.outcomeOf(phone.sync.reissuePhrase({ recoveryPhrase: laptop.phrase }))
    await expect(phone.sync.reissuePhrase({ recoveryPhrase: laptop.phrase })).rejects.toMatchObject({
      code: 'wrong-account',
    })
    const third = await world.outcomeOf(phone.sync.reissuePhrase({ recoveryPhrase: phrase }))
    expect(await phone.sync.unconfirmedPhrase()).toBe(third)
    expect(await world.codeOf(world.join('late', phrase))).toBe('account-unknown')
    await world.join('tablet', third)
  })
})

describe('a new phrase that a device asks for', () => {
  it('is shown on all devices, and counts once another one approves that has been there for a week', async () => {
    const { world, laptop, phone } = await twoDevices()
    await week(world, laptop, phone)
    const phrase = await world.outcomeOf(phone.sync.requestReissue())
    await world.until(() => laptop.sync.reissue !== undefined)
    expect(phone.sync.reissue).toMatchObject({ requestedBy: phone.sync.deviceId, isMine: true })
    expect(laptop.sync.reissue).toMatchObject({ requestedBy: phone.sync.deviceId, isMine: false })
    expect(laptop.sync.reissue?.requestedAtMs).toBe(phone.sync.reissue?.requestedAtMs)
    expect([await phone.sync.unconfirmedPhrase(), phone.sync.status.isPhraseConfirmed]).toEqual([phrase, false])
    // Until it is granted the old one counts.
    expect(await world.codeOf(world.join('early', phrase))).toBe('account-unknown')
    await expect(phone.sync.approveReissue()).rejects.toMatchObject({ code: 'reissue-early' })
    for (const device of [laptop, phone])
      await expect(device.sync.requestReissue()).rejects.toMatchObject({ code: 'keyring-refused' })

    expect(await world.codeOf(laptop.sync.approveReissue())).toBe('done')
    await world.until(() => phone.sync.reissue === undefined && phone.sync.status.isGreen)
    expect(await phone.sync.unconfirmedPhrase()).toBe(phrase)
    expect((await world.join('tablet', phrase)).texts).toEqual(['kept'])
    expect(await world.codeOf(world.join('late', laptop.phrase))).toBe('account-unknown')
    await expect(laptop.sync.approveReissue()).rejects.toMatchObject({ code: 'keyring-refused' })
  })

  it('is not granted by a device that is new to the account', async () => {
    const { world, laptop, phone } = await twoDevices()
    await world.outcomeOf(phone.sync.requestReissue())
    await world.until(() => laptop.sync.reissue !== undefined)
    expect(await world.codeOf(laptop.sync.approveReissue())).toBe('reissue-early')
    expect([laptop.sync.status.owed, laptop.sync.reissue?.isMine]).toEqual([[], false])
  })

  it('may be confirmed while it waits', async () => {
    const { world, laptop, phone } = await twoDevices()
    await week(world, laptop, phone)
    const phrase = await world.outcomeOf(phone.sync.requestReissue())
    await confirm(phone, phrase)
    expect([phone.sync.status.isPhraseConfirmed, await phone.sync.unconfirmedPhrase()]).toEqual([true, undefined])
    await world.until(() => laptop.sync.reissue !== undefined)
    await world.outcomeOf(laptop.sync.approveReissue())
    await world.until(() => phone.sync.reissue === undefined)
    expect(phone.sync.status.isPhraseConfirmed).toBe(true)
    await world.join('tablet', phrase)
  })

  it('counts by itself after seven days, and not before, whether or not the app was restarted meanwhile', async () => {
    const { world, laptop, phone } = await twoDevices()
    const phrase = await world.outcomeOf(phone.sync.requestReissue())
    for (const device of [laptop, phone]) device.sync.goOffline()
    world.timeMs += 3 * DAY_MS
    phone.kill()
    await phone.reopen()
    await world.advance(60_000)
    expect(phone.sync.reissue).toBeDefined()
    phone.sync.goOffline()
    world.timeMs += 4 * DAY_MS - 7_200_000
    phone.sync.goOnline()
    await world.advance(60_000)
    expect(phone.sync.reissue).toBeDefined()
    const before = world.keyringLength
    phone.sync.goOffline()
    world.timeMs += 7_200_000
    phone.sync.goOnline()
    await world.until(() => phone.sync.reissue === undefined)
    expect(world.keyringLength).toBe(before + 1)
    await world.join('tablet', phrase)
    expect(await phone.sync.unconfirmedPhrase()).toBe(phrase)
  })

  it.each([
    ['another device', (_: WorldDevice, laptop: WorldDevice) => laptop.sync.vetoReissue()],
    ['the device itself', (phone: WorldDevice) => phone.sync.vetoReissue()],
    [
      'the old phrase',
      (phone: WorldDevice, laptop: WorldDevice & { readonly phrase: string }) =>
        phone.sync.vetoReissue({ recoveryPhrase: laptop.phrase }),
    ],
  ])('is withdrawn by %s, and its words with it', async (_, veto) => {
    const { world, laptop, phone } = await twoDevices()
    const phrase = await world.outcomeOf(phone.sync.requestReissue())
    await world.until(() => laptop.sync.reissue !== undefined)
    expect(await world.codeOf(veto(phone, laptop))).toBe('done')
    await world.until(() => laptop.sync.reissue === undefined && phone.sync.reissue === undefined)
    expect(await phone.sync.unconfirmedPhrase()).toBeUndefined()
    expect(await phone.rows.list(['next-phrase'])).toEqual([])
    expect(await world.codeOf(world.join('late', phrase))).toBe('account-unknown')
    await world.join('tablet', laptop.phrase)
    // Asked for again, it is another one.
    expect(await world.outcomeOf(phone.sync.requestReissue())).not.toBe(phrase)
    await expect(laptop.sync.vetoReissue({ recoveryPhrase: phrase })).rejects.toMatchObject({ code: 'wrong-account' })
  })

  it('cannot be withdrawn where nobody asks', async () => {
    const { laptop } = await twoDevices()
    await expect(laptop.sync.vetoReissue()).rejects.toMatchObject({ code: 'keyring-refused' })
    await expect(laptop.sync.approveReissue()).rejects.toMatchObject({ code: 'keyring-refused' })
    expect(laptop.sync.reissue).toBeUndefined()
  })

  it('goes with a device that is removed', async () => {
    const { world, laptop, phone } = await twoDevices()
    await world.outcomeOf(phone.sync.requestReissue())
    await world.until(() => laptop.sync.reissue !== undefined)
    expect(await world.codeOf(laptop.sync.removeDevices([phone.sync.deviceId]))).toBe('done')
    expect(laptop.sync.reissue).toBeUndefined()
  })
})
