// What may become of any bytes: they are decoded into something that encodes to the same bytes, or refused with a code.
import { expect } from 'vitest'
import { bytesToHex } from '../../src/bytes'
import { isProtocolCode, ProtocolFailure } from '../../src/codes'
import type { Codec } from './codecs'

export type Verdict = { readonly value: unknown } | { readonly code: string; readonly message: string }

export function judge(codec: Codec, bytes: Uint8Array): Verdict {
  let value: unknown
  try {
    value = codec.decode(bytes)
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolFailure)
    const { code, message } = error as ProtocolFailure
    expect(isProtocolCode(code)).toBe(true)
    // decodeWhole turns what it did not expect into this sentence: a hole in the checks, even though nobody is hurt.
    expect(message).not.toBe('the message cannot be read')
    return { code, message }
  }
  expect(bytesToHex(codec.encode(value))).toBe(bytesToHex(bytes))
  return { value }
}

/** Every byte field in a value, at any depth. */
export function byteFields(value: unknown): Uint8Array[] {
  if (value instanceof Uint8Array) return [value]
  if (value === null || typeof value !== 'object') return []
  return Object.values(value).flatMap(byteFields)
}

export interface Allocation {
  /** Bytes of arrays that were made, views not counted. */
  readonly bytes: number
  /** Items put into lists. */
  readonly items: number
}

/** Runs `act` and counts what it allocates, by standing in for the constructors through which all of it goes. */
export function measureAllocation(act: () => void): Allocation {
  const { Uint8Array: realBytes, Array: realArray, ArrayBuffer: realBuffer } = globalThis
  const realPush = Array.prototype.push
  let bytes = 0
  let items = 0
  const counted = <T extends abstract new (...args: never[]) => object>(real: T): T =>
    new Proxy(real, {
      construct(target, args: unknown[], newTarget) {
        if (typeof args[0] === 'number') bytes += args[0]
        else if (ArrayBuffer.isView(args[0]) || args[0] instanceof realArray) bytes += (args[0] as Uint8Array).length
        return Reflect.construct(target as never, args, newTarget) as object
      },
    })
  globalThis.Uint8Array = counted(realBytes)
  globalThis.Array = counted(realArray)
  globalThis.ArrayBuffer = counted(realBuffer)
  Array.prototype.push = function push(...added: unknown[]) {
    items += added.length
    return realPush.apply(this, added)
  }
  try {
    act()
  } finally {
    Object.assign(globalThis, { Uint8Array: realBytes, Array: realArray, ArrayBuffer: realBuffer })
    Array.prototype.push = realPush
  }
  return { bytes, items }
}
