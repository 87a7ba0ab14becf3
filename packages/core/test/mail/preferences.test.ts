import {
  type ChosenPreferences,
  changePreferences,
  mailTypes,
  type Preferences,
  preferenceChoices,
  preferenceDefaults,
  preferencesOf,
} from '@owlivion/sync/mail'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Collection, createAccount, type Fields, openMemoryStore, type Sync } from '../../src'
import { nodePlatform } from '../../src/platform/node'
import { samples } from './samples'

// As the predecessor's documents list them: synced ones first, then those that it kept in the window.
const predecessor: Preferences = {
  theme: 'dark',
  language: 'tr',
  notificationsEnabled: true,
  notificationSound: true,
  notificationBadge: true,
  autoMarkRead: true,
  autoMarkReadDelay: 3,
  confirmDelete: true,
  confirmSend: false,
  signaturePosition: 'bottom',
  replyPosition: 'top',
  aiAutoSummarize: false,
  aiReplyTone: 'professional',
  keyboardShortcutsEnabled: true,
  compactListView: false,
  showAvatars: true,
  conversationView: true,
  notificationSoundType: 'call',
  closeToTray: true,
  autoPhishingDetection: true,
  autoSyncEnabled: false,
  autoSyncInterval: 5,
  accountPrioritySettings: {},
  unifiedInboxSortBy: 'priority',
}

let sync: Sync
let preferences: Collection<ChosenPreferences>
beforeEach(async () => {
  const options = {
    platform: nodePlatform(),
    store: openMemoryStore(),
    relay: 'ws://127.0.0.1:1',
    deviceName: 'laptop',
  }
  sync = (await createAccount({ ...options, online: false })).sync
  preferences = await sync.open(mailTypes.preferences)
})
afterEach(() => sync.close())

describe('preferences', () => {
  it('are all there with their defaults before anybody chose, and nothing is written', () => {
    expect(preferencesOf(preferences)).toEqual(predecessor)
    expect(Object.keys(preferencesOf(preferences))).toHaveLength(24)
    expect(preferences.size).toBe(0)
    expect(sync.status.unsent).toBe(0)
  })

  it('write only what is chosen', async () => {
    await changePreferences(preferences, { theme: 'light' })
    expect(preferences.get('preferences')).toEqual({ theme: 'light' })
    await changePreferences(preferences, { autoSyncInterval: 60 })
    expect(preferences.get('preferences')).toEqual({ theme: 'light', autoSyncInterval: 60 })
    expect(preferencesOf(preferences)).toEqual({ ...predecessor, theme: 'light', autoSyncInterval: 60 })
  })

  it('take every value of every choice, and each field by itself', async () => {
    for (const [field, choices] of Object.entries(preferenceChoices))
      for (const choice of choices) {
        await changePreferences(preferences, { [field]: choice })
        expect(preferencesOf(preferences)).toMatchObject({ [field]: choice })
      }
    await changePreferences(preferences, samples.preferences)
    expect(preferencesOf(preferences)).toEqual({ ...samples.preferences, accountPrioritySettings: {} })
    expect(Object.keys(samples.preferences).sort()).toEqual(Object.keys(preferenceDefaults).sort())
  })

  it('go back to the default when they are cleared', async () => {
    await changePreferences(preferences, { theme: 'light' })
    await changePreferences(preferences, { theme: undefined })
    expect(preferencesOf(preferences)).toEqual(predecessor)
  })

  it('hold the accounts with priority one by one', async () => {
    await changePreferences(preferences, { accountPrioritySettings: { 'a@x.example': true, 'b@x.example': true } })
    await changePreferences(preferences, { accountPrioritySettings: { 'a@x.example': false } })
    expect(preferencesOf(preferences).accountPrioritySettings).toEqual({ 'b@x.example': true })
    expect(preferences.get('preferences')).toEqual({})
  })

  it('start anew after they were deleted', async () => {
    await changePreferences(preferences, { theme: 'light', confirmSend: true })
    await preferences.delete('preferences')
    expect(preferencesOf(preferences)).toEqual(predecessor)
    await changePreferences(preferences, { confirmSend: true })
    expect(preferencesOf(preferences)).toEqual({ ...predecessor, confirmSend: true })
  })

  it('refuse a key to a service, whatever its spelling', async () => {
    for (const name of ['gemini_api_key', 'geminiApiKey'])
      await expect(changePreferences(preferences, { [name]: 'x' })).rejects.toMatchObject({ code: 'secret-field' })
    expect(preferences.size).toBe(0)
  })

  it('read a word of a newer version as the default, and keep it', async () => {
    const raw = preferences as unknown as Collection<Fields>
    const newer = { get: () => ({ theme: 'sepia', language: 'en', confirmSend: 1, later: true }), set: () => [] }
    expect(preferencesOf(newer)).toEqual({ ...predecessor, language: 'en' })
    await raw.add('preferences', { later: [1] })
    await changePreferences(preferences, { language: 'en' })
    expect(raw.get('preferences')).toEqual({ later: [1], language: 'en' })
  })
})
