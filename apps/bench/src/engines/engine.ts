// What the workloads ask of an engine. Ours, the floor and the peers answer it in their own terms, each with what its authors would have an app do.
import type { BenchContact } from '../contacts'

export type Field = keyof BenchContact

/** The module of an engine's server; it runs in a process of its own. */
export interface ServerModule {
  /** Starts, or starts again on a folder that a killed server left behind. Port 0 lets the system choose. */
  start(options: { readonly folder: string; readonly port: number }): Promise<RunningServer>
}

export interface RunningServer {
  readonly port: number
  /** Resolves when everything that has arrived would be there after the process was killed. */
  persisted(): Promise<void>
  stop(): Promise<void>
}

/** The module of an engine's devices; a process holds one or many of them. */
export interface ClientModule {
  /** An empty book of its own. `invitation` lets other devices into it: a room, or what an end-to-end encrypted engine asks for. */
  create(url: string): Promise<{ readonly device: Device; readonly invitation: string }>
  /** A device without any data. It may resolve before the data is there. */
  join(url: string, invitation: string): Promise<Device>
}

/** One device with the book open; what it stores locally stays in memory. */
export interface Device {
  /** One transaction. */
  add(id: string, contact: BenchContact): void
  /** One transaction. */
  set(id: string, field: Field, value: string): void
  get(id: string): Readonly<Record<string, unknown>> | undefined
  count(): number
  /** Calls after changes that came from elsewhere. */
  onChange(listener: () => void): void
  /** Resolves when the engine itself says that the server has everything written here. */
  acknowledged(): Promise<void>
  disconnect(): void
  connect(): void
  close(): Promise<void>
}

/** Where the two modules of an engine are; each process loads its own. */
export interface Engine {
  readonly name: string
  readonly server: URL
  readonly client: URL
  /** By the name of the workload, why the engine cannot do it: it is not run, and the report says so. */
  readonly skips?: Readonly<Record<string, string>>
  /** How long a process of it may take for one call, where that is more than the others need. */
  readonly callTimeoutMs?: number
}
