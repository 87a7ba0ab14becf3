// Strict reading and writing on lib0. lib0 accepts a number in more than one spelling, reads numbers that a double cannot
// hold, and writes whatever it is given; here each value has exactly one encoding, every length is checked against what is
// left, and a writer refuses what the reader on the other side would refuse, so that decoding and encoding are inverse, no
// claimed size is ever allocated, and a mistake shows where it is made and not at the other end of the wire.
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { type ProtocolCode, ProtocolFailure } from './codes'

const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const textEncoder = new TextEncoder()

function varUintSize(value: number): number {
  let size = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++
  return size
}

export function malformed(what: string): ProtocolFailure {
  return new ProtocolFailure('malformed-frame', what)
}

function tooLong(length: number, limit: number, code: ProtocolCode = 'frame-too-large'): ProtocolFailure {
  return new ProtocolFailure(code, `a field of ${length} bytes is over its limit of ${limit}`)
}

function tooMany(count: number, limit: number): ProtocolFailure {
  return new ProtocolFailure('frame-too-large', `a list of ${count} is over its limit of ${limit}`)
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
    // lib0 looks at the size only before the last byte: beyond 2^53 several spellings would become one rounded number.
    if (!Number.isSafeInteger(value)) throw malformed('a number is cut off or larger than 2^53 - 1')
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
  bytes(limit: number, codeWhenLonger?: ProtocolCode): Uint8Array {
    const length = this.varUint()
    if (length > limit) throw tooLong(length, limit, codeWhenLonger)
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
    if (count > limit) throw tooMany(count, limit)
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

/**
 * Every method throws a ProtocolFailure for what a Reader would refuse, with the same code. Lengths and limits may be left out
 * only for bytes that never travel.
 */
export class Writer {
  private readonly encoder = encoding.createEncoder()

  byte(value: number): this {
    if (!isUintUpTo(value, 0xff)) throw malformed(`${value} is not a byte`)
    encoding.writeUint8(this.encoder, value)
    return this
  }

  varUint(value: number): this {
    if (!isUintUpTo(value, Number.MAX_SAFE_INTEGER)) throw malformed(`${value} is not a whole number up to 2^53 - 1`)
    encoding.writeVarUint(this.encoder, value)
    return this
  }

  uint32(value: number): this {
    if (!isUintUpTo(value, 0xffff_ffff)) throw malformed(`${value} is not a whole number below 2^32`)
    encoding.writeUint32BigEndian(this.encoder, value)
    return this
  }

  flag(value: boolean): this {
    return this.byte(value ? 1 : 0)
  }

  /** Bytes without a length: exactly `length` of them, or everything after would be read askew. */
  fixed(bytes: Uint8Array, length = bytes.length): this {
    if (bytes.length !== length) throw malformed(`a field has ${bytes.length} bytes and must have ${length}`)
    encoding.writeUint8Array(this.encoder, bytes)
    return this
  }

  /** What follows up to the end of the message. */
  rest(bytes: Uint8Array): this {
    encoding.writeUint8Array(this.encoder, bytes)
    return this
  }

  bytes(bytes: Uint8Array, limit = Number.MAX_SAFE_INTEGER, codeWhenLonger?: ProtocolCode): this {
    if (bytes.length > limit) throw tooLong(bytes.length, limit, codeWhenLonger)
    encoding.writeVarUint8Array(this.encoder, bytes)
    return this
  }

  text(text: string, limitBytes?: number): this {
    if (/\p{Surrogate}/u.test(text)) throw malformed('a text holds half a character')
    return this.bytes(textEncoder.encode(text), limitBytes)
  }

  optional<T>(value: T | undefined, write: (value: T) => void): this {
    this.flag(value !== undefined)
    if (value !== undefined) write(value)
    return this
  }

  list<T>(items: readonly T[], write: (item: T) => void, limit = Number.MAX_SAFE_INTEGER): this {
    if (items.length > limit) throw tooMany(items.length, limit)
    this.varUint(items.length)
    for (const item of items) write(item)
    return this
  }

  finish(): Uint8Array {
    return encoding.toUint8Array(this.encoder)
  }
}

function isUintUpTo(value: number, greatest: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= greatest
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
