// Strict reading and writing on lib0. lib0 accepts a number in more than one spelling and lets a view reach past its own
// end; here each value has exactly one encoding and every length is checked against what is left, so that decoding and
// encoding are inverse and no claimed size is ever allocated.
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { ProtocolFailure } from './codes'

const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const textEncoder = new TextEncoder()

function varUintSize(value: number): number {
  let size = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++
  return size
}

function malformed(what: string): ProtocolFailure {
  return new ProtocolFailure('malformed-frame', what)
}

export class Reader {
  private readonly decoder: decoding.Decoder

  constructor(bytes: Uint8Array) {
    this.decoder = decoding.createDecoder(bytes)
  }

  get remaining(): number {
    return this.decoder.arr.length - this.decoder.pos
  }

  /** How far reading has come, for cutting out the bytes that were read. */
  get position(): number {
    return this.decoder.pos
  }

  byte(): number {
    if (this.remaining < 1) throw malformed('the message ends in the middle of a field')
    return decoding.readUint8(this.decoder)
  }

  varUint(): number {
    const start = this.decoder.pos
    let value: number
    try {
      value = decoding.readVarUint(this.decoder)
    } catch {
      throw malformed('a number is cut off or larger than 2^53 - 1')
    }
    if (this.decoder.pos - start !== varUintSize(value)) throw malformed('a number is not in its shortest form')
    return value
  }

  uint32(): number {
    const bytes = this.fixed(4)
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
  }

  flag(): boolean {
    const value = this.byte()
    if (value > 1) throw malformed('a yes-or-no field is neither')
    return value === 1
  }

  /** A view of the next `length` bytes. */
  fixed<T extends Uint8Array = Uint8Array>(length: number): T {
    if (length > this.remaining) throw malformed('the message ends in the middle of a field')
    return decoding.readUint8Array(this.decoder, length) as Uint8Array as T
  }

  /** A view of length-prefixed bytes, at most `limit` of them. */
  bytes(limit: number): Uint8Array {
    const length = this.varUint()
    if (length > limit)
      throw new ProtocolFailure('frame-too-large', `a field of ${length} bytes is over its limit of ${limit}`)
    return this.fixed(length)
  }

  text(limitBytes: number): string {
    const bytes = this.bytes(limitBytes)
    try {
      return textDecoder.decode(bytes)
    } catch {
      throw malformed('a text is not UTF-8')
    }
  }

  optional<T>(read: () => T): T | undefined {
    return this.flag() ? read() : undefined
  }

  /** A counted list. The count is checked against the bytes left before anything is allocated. */
  list<T>(limit: number, minimumItemBytes: number, read: () => T): T[] {
    const count = this.varUint()
    if (count > limit) throw new ProtocolFailure('frame-too-large', `a list of ${count} is over its limit of ${limit}`)
    if (count * minimumItemBytes > this.remaining) throw malformed('a list is cut off')
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(read())
    return items
  }

  rest(): Uint8Array {
    return this.fixed(this.remaining)
  }

  end(): void {
    if (this.remaining !== 0) throw malformed('bytes follow after the end')
  }
}

export class Writer {
  private readonly encoder = encoding.createEncoder()

  byte(value: number): this {
    encoding.writeUint8(this.encoder, value)
    return this
  }

  varUint(value: number): this {
    encoding.writeVarUint(this.encoder, value)
    return this
  }

  uint32(value: number): this {
    encoding.writeUint32BigEndian(this.encoder, value)
    return this
  }

  flag(value: boolean): this {
    return this.byte(value ? 1 : 0)
  }

  fixed(bytes: Uint8Array): this {
    encoding.writeUint8Array(this.encoder, bytes)
    return this
  }

  bytes(bytes: Uint8Array): this {
    encoding.writeVarUint8Array(this.encoder, bytes)
    return this
  }

  text(text: string): this {
    return this.bytes(textEncoder.encode(text))
  }

  optional<T>(value: T | undefined, write: (value: T) => void): this {
    this.flag(value !== undefined)
    if (value !== undefined) write(value)
    return this
  }

  list<T>(items: readonly T[], write: (item: T) => void): this {
    this.varUint(items.length)
    for (const item of items) write(item)
    return this
  }

  finish(): Uint8Array {
    return encoding.toUint8Array(this.encoder)
  }
}

/** Decodes the whole of `bytes` with `read`; anything but a ProtocolFailure is a defect of this package and is turned into one. */
export function decodeWhole<T>(bytes: Uint8Array, read: (reader: Reader) => T): T {
  const reader = new Reader(bytes)
  try {
    const value = read(reader)
    reader.end()
    return value
  } catch (error) {
    if (error instanceof ProtocolFailure) throw error
    throw malformed('the message cannot be read')
  }
}
