// Keys and values that a store may get wrong.
import type { StoreKey } from '../storage'

export const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

/** Recognisable content of any size: a byte that was moved or dropped shows. */
export const pattern = (sizeBytes: number, seed: number): Uint8Array =>
  Uint8Array.from({ length: sizeBytes }, (_, index) => (index * 31 + (index >>> 8) + seed) & 0xff)

/** In the order in which a store must list them. */
export const keysInOrder: readonly StoreKey[] = [
  [0],
  [0, 0],
  [0, ''],
  [1],
  [9],
  [10],
  [255],
  [256],
  [65_535],
  [65_536],
  [2 ** 31 - 1],
  [2 ** 31],
  [2 ** 32],
  [2 ** 53 - 2],
  [2 ** 53 - 1],
  [''],
  ['', 0],
  ['', ''],
  ['\u0000'],
  ['\u0000', 1],
  ['\u0000\u0000'],
  ['\u0000a'],
  ['\u0001'],
  ['10'],
  ['9'],
  ['log'],
  ['log', 0],
  ['log', 2],
  ['log', 10],
  ['log', 10, 0],
  ['log', 2 ** 53 - 1],
  ['log', ''],
  ['log', '\u0000'],
  ['log', 'doc'],
  ['log', 'doc', 1],
  ['log', 'doc', 1, 'x'],
  ['log', 'doc', 'x'],
  ['log', 'docs'],
  ['log', '\uffff'],
  ['log\u0000'],
  ['log\u0001'],
  ['logs'],
  ['\u007f'],
  ['\u0080'],
  ['é'],
  ['\u07ff'],
  ['\u0800'],
  // A lone surrogate, then a pair that starts with it, then what UTF-8 would have put before both.
  ['\ud800'],
  ['\ud800\udc00'],
  ['\udc00'],
  ['\ue000'],
  ['\uffff'],
  ['\uffff', 0],
  ['\uffff\uffff'],
]
