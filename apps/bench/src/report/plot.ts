// One picture of the ratios to y-websocket, on a scale on which twice as good and twice as bad are equally far from the middle.
import type { Measured } from '../rounds'
import { ratiosOf } from './ratios'

interface Bar {
  readonly title: string
  readonly workload: string
  readonly figure: string
  /** More is better: the ratio is turned over. */
  readonly isRate?: true
}

const bars: readonly Bar[] = [
  { title: 'New device, 10,000 contacts', workload: 'W1-10k', figure: 'time ms' },
  { title: '… bytes received', workload: 'W1-10k', figure: 'received kB' },
  { title: '… bytes on the server’s disk', workload: 'W1-10k', figure: 'disk kB' },
  { title: 'Live edit, median', workload: 'W2', figure: 'p50 ms' },
  { title: 'Burst of 10,000 edits', workload: 'W3', figure: 'updates/s', isRate: true },
  { title: 'Offline merge', workload: 'W4', figure: 'time ms' },
  { title: 'Fan-out to 50, median', workload: 'W5', figure: 'p50 ms' },
  { title: '200 accounts', workload: 'W6', figure: 'time ms' },
]

const reference = 'ywebsocket'
const WIDTH = 880
const LEFT = 220
const ROW_HEIGHT = 18
const GROUP_GAP = 14
const TOP = 56
/** The scale goes from a thirtieth to thirty times. */
const REACH = Math.log(30)
const colours = ['#0f766e', '#94a3b8', '#b45309', '#7c3aed', '#be123c', '#0369a1', '#4d7c0f', '#a21caf']

export function plotOf(measured: readonly Measured[]): string {
  const engines = [...new Set(measured.map(({ engine }) => engine))].filter((engine) => engine !== reference)
  const x = (ratio: number): number => {
    const share = Math.max(-1, Math.min(1, Math.log(ratio) / REACH))
    return LEFT + ((WIDTH - LEFT - 60) * (share + 1)) / 2
  }
  const lines: string[] = []
  let y = TOP
  for (const { title, workload, figure, isRate } of bars) {
    lines.push(text(8, y + ROW_HEIGHT * 0.75, title, '#0f172a'))
    for (const [index, engine] of engines.entries()) {
      const ratios = ratiosOf(measured, { workload, figure, against: reference }, engine)
      if (ratios.length === 0) continue
      const ratio = isRate ? 1 / (ratios.at(ratios.length >> 1) as number) : (ratios.at(ratios.length >> 1) as number)
      const [from, to] = [x(1), x(ratio)].sort((a, b) => a - b) as [number, number]
      const fill = colours[index % colours.length]
      lines.push(
        `<rect x="${from.toFixed(1)}" y="${y + 3}" width="${(to - from).toFixed(1)}" height="${ROW_HEIGHT - 6}" rx="2" fill="${fill}"/>`,
        text(to + 6, y + ROW_HEIGHT * 0.75, `${engine} ${ratio.toPrecision(2)}×`, '#475569', 10),
      )
      y += ROW_HEIGHT
    }
    y += GROUP_GAP
  }
  const middle = x(1).toFixed(1)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" font-family="system-ui, sans-serif">`,
    `<rect width="${WIDTH}" height="${y}" fill="#ffffff"/>`,
    text(
      8,
      24,
      'Times and bytes as multiples of y-websocket (plain text): shorter to the left is better',
      '#0f172a',
      14,
    ),
    `<line x1="${middle}" x2="${middle}" y1="${TOP - 14}" y2="${y - GROUP_GAP}" stroke="#0f172a" stroke-width="1"/>`,
    text(Number(middle) - 8, TOP - 18, '1×', '#0f172a', 11),
    ...lines,
    '</svg>',
    '',
  ].join('\n')
}

function text(x: number, y: number, content: string, fill: string, size = 12): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="${size}" fill="${fill}">${content}</text>`
}
