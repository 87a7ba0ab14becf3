// A device of the floor: a map of cells, what was written in one turn of the loop in one message.
import { randomUUID } from 'node:crypto'
import WebSocket from 'ws'
import type { BenchContact } from '../contacts'
import type { ClientModule, Device, Field } from './engine'
import type { Cell, FromFloor, ToFloor } from './floor-messages'

export const create: ClientModule['create'] = async (url) => {
  const invitation = randomUUID()
  return { device: await FloorDevice.open(url, invitation), invitation }
}

export const join: ClientModule['join'] = (url, invitation) => FloorDevice.open(url, invitation)

class FloorDevice implements Device {
  private readonly records = new Map<string, Map<string, Cell>>()
  private readonly listeners: (() => void)[] = []
  /** What the server has not taken, by the number of its message; kept for the next connection. */
  private readonly untaken = new Map<number, Cell[]>()
  private queued: Cell[] = []
  private lastN = 0
  private waiting: (() => void)[] = []
  private socket: WebSocket | undefined

  private constructor(
    private readonly url: string,
    private readonly room: string,
  ) {}

  static async open(url: string, room: string): Promise<FloorDevice> {
    const device = new FloorDevice(url, room)
    device.connect()
    await new Promise((resolve) => device.socket?.once('open', resolve))
    return device
  }

  connect(): void {
    const socket = new WebSocket(this.url, { perMessageDeflate: false })
    this.socket = socket
    socket.once('open', () => {
      this.send({ type: 'join', room: this.room })
      for (const [n, cells] of this.untaken) this.send({ type: 'cells', n, cells })
    })
    socket.on('message', (data: Buffer) => this.receive(JSON.parse(data.toString()) as FromFloor))
    // A server that is killed takes its connections along.
    socket.on('error', () => undefined)
  }

  disconnect(): void {
    this.socket?.terminate()
    this.socket = undefined
  }

  add(id: string, contact: BenchContact): void {
    for (const [field, value] of Object.entries(contact)) this.set(id, field as Field, value)
  }

  set(id: string, field: Field, value: string): void {
    const before = this.records.get(id)?.get(field)
    const cell: Cell = [id, field, value, Math.max(Date.now(), 1 + (before?.[3] ?? 0))]
    this.keep(cell)
    if (this.queued.push(cell) === 1) setImmediate(() => this.flush())
  }

  get(id: string): Record<string, string> | undefined {
    const cells = this.records.get(id)
    return cells && Object.fromEntries([...cells.values()].map(([, field, value]) => [field, value]))
  }

  count(): number {
    return this.records.size
  }

  onChange(listener: () => void): void {
    this.listeners.push(listener)
  }

  acknowledged(): Promise<void> {
    if (this.queued.length === 0 && this.untaken.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  async close(): Promise<void> {
    this.disconnect()
  }

  private flush(): void {
    const cells = this.queued
    this.queued = []
    const n = ++this.lastN
    this.untaken.set(n, cells)
    this.send({ type: 'cells', n, cells })
  }

  private send(message: ToFloor): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message))
  }

  private receive(message: FromFloor): void {
    if (message.type === 'cells') {
      for (const cell of message.cells) this.keep(cell)
      for (const listener of this.listeners) listener()
      return
    }
    this.untaken.delete(message.n)
    if (this.untaken.size > 0 || this.queued.length > 0) return
    for (const resolve of this.waiting.splice(0)) resolve()
  }

  private keep(cell: Cell): void {
    const [id, field, value, t] = cell
    const record = this.records.get(id) ?? new Map<string, Cell>()
    this.records.set(id, record)
    const before = record.get(field)
    const isLater = before === undefined || before[3] < t || (before[3] === t && before[2] < value)
    if (isLater) record.set(field, cell)
  }
}
