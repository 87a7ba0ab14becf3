import { SyncError } from '@owlivion/sync'
import { describe, expect, it } from 'vitest'
import { isExpectedRefusal } from '../src/expected-codes'

describe('what a call to sync may end with', () => {
  it('is the refusal of a disk that is taken away, until every disk is well', () => {
    const error = new SyncError('storage-failed', 'Another version of the app has taken the store.')
    expect([true, false].map((mayComplain) => isExpectedRefusal({ mayComplain }, error))).toEqual([true, false])
  })

  it('is never an error of another kind', () => {
    const errors = [new SyncError('internal-error', 'It broke.'), new Error('It broke.')]
    expect(errors.map((error) => isExpectedRefusal({ mayComplain: true }, error))).toEqual([false, false])
  })
})
