// The part of the contract suite about sign-in rows.
import { type AccountId, decodeAuditRow } from '@owlivion/sync-protocol'
import { account, bytes, headAt, PAGE, record } from './contract-fixtures'
import type { ContractSuite } from './contract-suite'

const name = bytes(32, 'name')
const otherName = bytes(32, 'other name')
const content = bytes(200, 'content')

export function describeSignIns({ describe, expect, check, checkWithAccount, name: storeName }: ContractSuite): void {
  describe(`${storeName}: sign-in rows`, () => {
    check('an account that nobody opened can have none', async ({ signIns }) => {
      expect(await signIns.put({ account, expectedVersion: 0, names: [name], content })).toEqual('account-unknown')
      expect(await signIns.any()).toEqual(undefined)
    })

    checkWithAccount(
      'a row is found by its account and by each of its names, also after the store was opened again',
      async (store, opened) => {
        expect(await store.signIns.put({ account, expectedVersion: 0, names: [name, otherName], content })).toEqual(
          'stored',
        )
        const { signIns } = await opened.reopen()
        for (const row of [
          await signIns.read(account),
          await signIns.find(name),
          await signIns.find(otherName),
          await signIns.any(),
        ])
          expect(row).toMatchObject({ account, version: 1, content })
        expect((await signIns.read(account))?.names.length).toEqual(2)
        expect(await signIns.find(bytes(32, 'nobody'))).toEqual(undefined)
      },
    )

    checkWithAccount(
      'a row goes in only in the place of the one it was made from, with its names and all',
      async ({ signIns }) => {
        await signIns.put({ account, expectedVersion: 0, names: [name], content })
        const changed = bytes(100, 'changed')
        for (const expectedVersion of [0, 2])
          expect(await signIns.put({ account, expectedVersion, names: [otherName], content: changed })).toEqual(
            'conflict',
          )
        expect(await signIns.find(otherName)).toEqual(undefined)
        expect(await signIns.put({ account, expectedVersion: 1, names: [otherName], content: changed })).toEqual(
          'stored',
        )
        expect(await signIns.find(name)).toEqual(undefined)
        expect(await signIns.find(otherName)).toMatchObject({ version: 2, content: changed })
      },
    )

    checkWithAccount('a row that is removed leaves no name behind', async ({ signIns }) => {
      await signIns.put({ account, expectedVersion: 0, names: [name], content })
      expect(await signIns.put({ account, expectedVersion: 7, names: [] })).toEqual('conflict')
      expect(await signIns.put({ account, expectedVersion: 1, names: [] })).toEqual('stored')
      expect([await signIns.find(name), await signIns.read(account), await signIns.any()]).toEqual([
        undefined,
        undefined,
        undefined,
      ])
      expect(await signIns.put({ account, expectedVersion: 0, names: [name], content })).toEqual('stored')
    })

    checkWithAccount(
      'what the audit log says of a row is stored with it, or with it not',
      async ({ signIns, accountRows }) => {
        const event = { timeMs: 5, kind: 'password-set', address: '', detail: '' } as const
        await signIns.put({ account, expectedVersion: 3, names: [name], content, audit: [event] })
        expect((await accountRows.readAudit(account, 1, 10, PAGE)).length).toEqual(0)
        await signIns.put({ account, expectedVersion: 0, names: [name], content, audit: [event] })
        await signIns.put({ account, expectedVersion: 1, names: [], audit: [{ ...event, kind: 'password-removed' }] })
        const { rows } = await accountRows.readAudit(account, 1, 10, PAGE)
        expect(rows.map((row) => decodeAuditRow(row).kind)).toEqual(['password-set', 'password-removed'])
      },
    )

    checkWithAccount('a row goes with its account', async (store) => {
      await store.signIns.put({ account, expectedVersion: 0, names: [name], content })
      expect(await store.accountRows.deleteAccount(account, headAt(1), 6)).toEqual(true)
      expect([await store.signIns.any(), await store.signIns.find(name)]).toEqual([undefined, undefined])
    })

    checkWithAccount('a name leads to one account', async (store) => {
      const other = bytes<AccountId>(32, 'other account')
      await store.appendKeyring({ ...record(0), account: other, recovery: other })
      await store.signIns.put({ account, expectedVersion: 0, names: [name], content })
      expect(
        await store.signIns.put({ account: other, expectedVersion: 0, names: [otherName, name], content }),
      ).toEqual('name-taken')
      expect([await store.signIns.read(other), await store.signIns.find(otherName)]).toEqual([undefined, undefined])
      expect(await store.signIns.put({ account: other, expectedVersion: 0, names: [otherName], content })).toEqual(
        'stored',
      )
    })
  })
}
