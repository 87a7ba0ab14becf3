import { describe, expect, it } from 'vitest'
import { auditCsv } from '../../src/sync/account/audit-csv'
import type { AuditEntry } from '../../src/sync/account/audit-log'

const entry = (change: Partial<AuditEntry> = {}): AuditEntry => ({
  n: 7,
  timeMs: Date.UTC(2026, 0, 31, 23, 59, 58, 7),
  kind: 'device-added',
  device: 'aa',
  deviceName: 'laptop',
  target: 'bb',
  targetName: 'phone',
  address: '192.0.2.7',
  detail: '',
  isVerified: true,
  ...change,
})

/** The cells of the lines behind the first, read as RFC 4180 says. */
function cellsOf(csv: string): string[][] {
  const lines: string[][] = [[]]
  for (const [, quoted, plain, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    lines[lines.length - 1]?.push(quoted === undefined ? (plain as string) : quoted.replaceAll('""', '"'))
    if (end === '\r\n') lines.push([])
  }
  return lines.slice(1, -1)
}

const nameCell = (deviceName: string) => cellsOf(auditCsv([entry({ deviceName })]))[0]?.[3]

describe('the audit log as CSV', () => {
  it('has a line of names, then one line a row, each ended by CR LF', () => {
    expect(auditCsv([entry(), entry({ n: 8, device: undefined, deviceName: undefined, isVerified: false })])).toBe(
      'number,time,event,device,device id,affected device,affected device id,address,detail,verified\r\n' +
        '7,2026-01-31T23:59:58.007Z,device-added,laptop,aa,phone,bb,192.0.2.7,,yes\r\n' +
        '8,2026-01-31T23:59:58.007Z,device-added,,,phone,bb,192.0.2.7,,no\r\n',
    )
  })

  it('keeps quotes, commas and line ends inside a cell', () => {
    for (const name of ['Ann’s "big" phone, red', 'two\r\nlines', 'a;b\tc|d', '"', ',', 'ümlaut 電話'])
      expect(nameCell(name)).toBe(name)
  })

  it.each([
    ['=1+1', "'=1+1"],
    ['+49 30', "'+49 30"],
    ['-2', "'-2"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['＝1+1', "'＝1+1"],
    ['\t=1', "'\t'=1"],
    ['\rphone', "'\rphone"],
    ['\nphone', "'\nphone"],
    ['  =1', "  '=1"],
    ['"=1', `"'=1`],
    [`"'" =1`, `"'" '=1`],
    ['a;=1', "a;'=1"],
    ['a,"@b', `a,"'@b`],
    ['a\r\n-b', "a\r\n'-b"],
  ])('makes the formula %j text', (name, expected) => {
    expect(nameCell(name)).toBe(expected)
    // Whatever a program cuts at, no piece begins a formula.
    for (const piece of (nameCell(name) ?? '').split(/[,;\t\r\n|]/)) expect(piece).not.toMatch(/^["\s]*[=+\-@＝]/)
  })

  it('leaves what is no formula as it is', () => {
    for (const name of ['a=b', 'Ann - phone', '1.5', "O'Hara", 'phone (work)', 'e-mail@home'])
      expect(nameCell(name)).toBe(name)
  })

  it('guards every cell that holds what somebody else wrote', () => {
    const formula = '=cmd'
    const csv = auditCsv([
      entry({
        deviceName: formula,
        targetName: formula,
        address: formula,
        detail: formula,
        device: formula,
        target: formula,
      }),
    ])
    expect(cellsOf(csv)[0]?.filter((cell) => cell === "'=cmd")).toHaveLength(6)
  })

  it('tells a time that is no date as the number it is', () => {
    expect(cellsOf(auditCsv([entry({ timeMs: 2 ** 53 - 1 })]))[0]?.[1]).toBe('9007199254740991')
  })
})
