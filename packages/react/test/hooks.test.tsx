import type { SyncError, SyncStatus } from '@owlivion/sync'
import { renderToString } from 'react-dom/server'
import { expect, test, vi } from 'vitest'
import { SyncProvider } from '../src/index'
import { draw, openTestAccount, settled } from './account'
import { Conflicts, Deleted, Failure, Lost, Names, One, type People, type Person, Rows, Status } from './components'

test('a collection opens under StrictMode, and every change is drawn in order of the ids', async () => {
  const sync = await openTestAccount()
  const people = await sync.open<Person>('people')
  await people.addAll([
    ['c', { name: 'Cleo' }],
    ['a', { name: 'Ada' }],
  ])
  const { text } = await draw(sync, <Names />)
  expect(text()).toBe('a=Ada;c=Cleo;')
  await settled(() => people.add('b', { name: 'Bea' }))
  expect(text()).toBe('a=Ada;b=Bea;c=Cleo;')
  await settled(() => Promise.all([people.update('a', { name: 'Ada L.' }), people.delete('c')]))
  expect(text()).toBe('a=Ada L.;b=Bea;')
  await settled(() => people.restore('c'))
  expect(text()).toBe('a=Ada L.;b=Bea;c=Cleo;')
})

test('a component that comes back draws what changed while it was away', async () => {
  const sync = await openTestAccount()
  const people = await sync.open<Person>('people')
  const drawn = await draw(sync, <Names />)
  await drawn.redraw(null)
  await people.add('a', { name: 'Ada' })
  await drawn.redraw(<Names />)
  expect(drawn.text()).toBe('a=Ada;')
})

test('a change of one record leaves the rows of the others alone, and no change leaves the list alone', async () => {
  const sync = await openTestAccount()
  const people = await sync.open<Person>('people')
  await people.addAll([
    ['a', { name: 'Ada' }],
    ['b', { name: 'Bea' }],
  ])
  const lists = new Set<People>()
  const onDraw = (list: People) => lists.add(list)
  const onDrawRow = vi.fn()
  const page = () => [<Names key="names" onDraw={onDraw} />, <Rows key="rows" onDrawRow={onDrawRow} />]
  const drawn = await draw(sync, page())
  const before = lists.size
  onDrawRow.mockClear()
  await drawn.redraw(page())
  expect(lists.size).toBe(before)
  expect(onDrawRow).not.toHaveBeenCalled()
  await settled(() => people.update('b', { name: 'Bea B.' }))
  expect(drawn.text()).toBe('a=Ada;b=Bea B.;AdaBea B.')
  expect(new Set(onDrawRow.mock.calls.flat())).toEqual(new Set(['b']))
})

test('the list equals a fresh reading after any sequence of adds, changes, deletes and restores', async () => {
  const sync = await openTestAccount()
  const people = await sync.open<Person>('people')
  let latest: People = []
  await draw(sync, <Names onDraw={(list) => (latest = list)} />)
  // A fixed walk that visits every operation on present, absent and deleted ids, several at a time.
  for (let step = 0; step < 60; step++) {
    await settled(async () => {
      for (let part = 0; part <= step % 3; part++) {
        const id = `id${(step * 7 + part * 5) % 13}`
        if ((step + part) % 4 === 3) await people.delete(id)
        else if (people.deletedIds().includes(id) && step % 2 === 0) await people.restore(id)
        else await people.add(id, { name: `${step}.${part}` })
      }
    })
    const fresh = people.list().sort(([a], [b]) => (a < b ? -1 : 1))
    expect(latest).toEqual(fresh)
  }
  expect(latest.length).toBeGreaterThan(3)
})

test('one record is drawn again for its own changes only', async () => {
  const sync = await openTestAccount()
  const people = await sync.open<Person>('people')
  await people.add('a', { name: 'Ada' })
  const onDraw = vi.fn()
  const { text, redraw } = await draw(sync, <One people={people} id="a" onDraw={onDraw} />)
  expect(text()).toBe('Ada')
  onDraw.mockClear()
  await settled(() => people.add('b', { name: 'Bea' }))
  expect(onDraw).not.toHaveBeenCalled()
  await settled(() => people.update('a', { name: 'Ada L.' }))
  expect(text()).toBe('Ada L.')
  await redraw(<One people={people} id="b" />)
  expect(text()).toBe('Bea')
  await settled(() => people.delete('b'))
  expect(text()).toBe('nobody')
})

test('deleted ids follow the collection, in order', async () => {
  const sync = await openTestAccount()
  const people = await sync.open<Person>('people')
  await people.addAll([
    ['b', { name: 'Bea' }],
    ['a', { name: 'Ada' }],
  ])
  const { text } = await draw(sync, <Deleted />)
  expect(text()).toBe('')
  await settled(() => Promise.all([people.delete('b'), people.delete('a')]))
  expect(text()).toBe('a,b')
  await settled(() => people.restore('a'))
  expect(text()).toBe('b')
})

test('the status is one object until it changes, and follows connection and edits', async () => {
  const sync = await openTestAccount()
  const people = await sync.open<Person>('people')
  const seen = new Set<SyncStatus>()
  const page = () => <Status onDraw={(status) => seen.add(status)} />
  const { text, redraw } = await draw(sync, page())
  const before = seen.size
  await redraw(page())
  expect(seen.size).toBe(before)
  expect(text()).toBe('offline stored 0')
  await settled(() => people.add('a', { name: 'Ada' }))
  expect(text()).toBe('offline local 1')
})

test('a collection that cannot be read is an error to the component, never an empty list that is ready', async () => {
  const sync = await openTestAccount()
  await sync.close()
  let latest: SyncError | undefined
  const { text } = await draw(sync, <Failure onDraw={(error) => (latest = error)} />)
  expect(text()).toBe('false')
  expect(latest?.code).toBe('closed')
})

test('components that unmount leave the account open, and edits go on', async () => {
  const sync = await openTestAccount()
  const { unmount } = await draw(sync, <Names />)
  await unmount()
  const people = await sync.open<Person>('people')
  await people.add('a', { name: 'Ada' })
  expect(people.get('a')).toEqual({ name: 'Ada' })
})

test('another account under the provider shows its own records', async () => {
  const [first, second] = await Promise.all([openTestAccount(), openTestAccount()])
  await (await first.open<Person>('people')).add('a', { name: 'Ada' })
  await (await second.open<Person>('people')).add('b', { name: 'Bea' })
  const { text, redraw } = await draw(first, <Names />)
  expect(text()).toBe('a=Ada;')
  await redraw(
    <SyncProvider sync={second}>
      <Names />
    </SyncProvider>,
  )
  expect(text()).toBe('b=Bea;')
})

test('on a server components are drawn as not ready, offline and empty, and open nothing', async () => {
  const sync = await openTestAccount()
  const people = await sync.open<Person>('people')
  await people.add('a', { name: 'Ada' })
  const open = vi.spyOn(sync, 'open')
  const html = renderToString(
    <SyncProvider sync={sync}>
      <p>
        <Names />
      </p>
      <p>
        <Status />
      </p>
      <p>
        <One people={people} id="a" />
      </p>
      <p>
        <Conflicts />
        <Deleted />
      </p>
    </SyncProvider>,
  )
  expect(html).toBe('<p>opening</p><p>offline local 0</p><p>nobody</p><p></p>')
  expect(open).not.toHaveBeenCalled()
})

test('a hook without a provider says what to do', () => {
  expect(() => renderToString(<Lost />)).toThrow(/put <SyncProvider sync={sync}> above this component/)
})
