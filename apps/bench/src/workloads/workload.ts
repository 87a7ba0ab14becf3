// What a workload is given: processes of one engine, which are gone with their files when it is over.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Engine } from '../engines/engine'
import { programs } from '../files'
import { type Child, startChild } from '../processes/child'
import type { DeviceAnswers } from '../processes/devices'
import type { ServerAnswers } from '../processes/server'

/** Figures by name; the unit is in the name. */
export type Figures = Readonly<Record<string, number>>

export interface Workload {
  readonly name: string
  readonly title: string
  run(stage: Stage): Promise<Figures>
}

export interface Server {
  readonly url: string
  readonly process: Child<ServerAnswers>
}

export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), 'owlivion-bench-'))
  private readonly children: Child<never>[] = []

  constructor(
    private readonly engine: Engine,
    private readonly profileFolder?: string,
  ) {}

  /** Taking a profile is work, too, also of a process at rest. */
  get isProfiled(): boolean {
    return this.profileFolder !== undefined
  }

  async server(port = 0): Promise<Server> {
    const child = this.start<ServerAnswers>(programs.server, 'server', this.engine.server)
    const chosen = await child.call('start', { folder: this.folder, port })
    return { url: `ws://127.0.0.1:${chosen}`, process: child }
  }

  /** Resolves when its modules are loaded: what is measured begins after that. */
  async devices(what: string): Promise<Child<DeviceAnswers>> {
    const child = this.start<DeviceAnswers>(programs.devices, what, this.engine.client)
    await child.call('cpuMs')
    return child
  }

  /** Bytes of all files that the server has; asked after it has stopped. */
  diskBytes(): number {
    return readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
  }

  async clear(): Promise<void> {
    await Promise.all(this.children.map((child) => child.end()))
    rmSync(this.folder, { recursive: true })
  }

  private start<T extends ServerAnswers | DeviceAnswers>(file: URL, what: string, module: URL): Child<T> {
    const child = startChild<T>({
      file,
      what: `${this.engine.name} ${what}`,
      args: [module.href],
      profileFolder: this.profileFolder,
      callTimeoutMs: this.engine.callTimeoutMs,
    })
    this.children.push(child as unknown as Child<never>)
    return child
  }
}
