// How one type of frame is written and read.
import type { Reader, Writer } from './codec'
import type { Frame } from './frame-types'

export interface FrameCodec<F extends Frame> {
  /** The type byte. */
  readonly id: number
  write(writer: Writer, frame: F): void
  read(reader: Reader): F
}

/** One codec for each type of frame in the union. */
export type FrameCodecs<F extends Frame> = {
  readonly [T in F['type']]: FrameCodec<Extract<F, { readonly type: T }>>
}
