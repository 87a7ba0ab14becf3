// What a plan's steps do to the actors of a world, until all faults end.
import type { VirtualTime } from './clock'
import type { CrashPoints } from './crash-points'
import type { SimDevice } from './device'
import type { SimDisk } from './disk'
import { flush, syncNow } from './expect-sent'
import type { Duties } from './hostile/duties'
import { answerRequest, removeDevices, replacePhrase, rotateKeys } from './key-steps'
import { fairWeather, type Network } from './network'
import type { Step } from './plan'
import type { SimRelay } from './relay'
import type { RelayDisk } from './relay-disk'
import type { RelayLosses } from './relay-losses'
import type { Death } from './run'
import type { Trace } from './trace'

export interface Actors {
  readonly time: VirtualTime
  readonly trace: Trace
  readonly network: Network
  readonly relay: SimRelay
  readonly relayDisk: RelayDisk
  readonly devices: readonly SimDevice[]
  /** By device. */
  readonly disks: readonly SimDisk[]
  readonly duties: Duties
  readonly losses: RelayLosses
  /** Of the relay. */
  readonly crashPoints: CrashPoints
}

/** What a new recovery phrase without the old one waits for. */
const WEEK_MS = 7 * 24 * 3_600_000

type DeviceStep = Extract<Step, { device: number }>
type RelayStep = Exclude<Step, DeviceStep>

/** What its person does on a device happens only while it is awake. */
const doneByPeople: ReadonlySet<Step['kind']> = new Set<Step['kind']>([
  ...(['edit', 'go offline', 'go online', 'close', 'open', 'flush', 'sync now', 'network returns'] as const),
  ...(['set schedule', 'pause', 'resume', 'switch off', 'switch on', 'remove', 'rotate keys'] as const),
  ...(['sign out', 'new phrase', 'answer request'] as const),
])

export class Faults {
  #hasEnded = false

  constructor(private readonly actors: Actors) {}

  /** Does what the step says, and undoes after its time what has one. */
  take(step: Step): void {
    if (this.#hasEnded) return
    if (!('device' in step)) this.#takeAtRelay(step)
    else
      this.#takeAtDevice(step, this.actors.devices[step.device] as SimDevice, this.actors.disks[step.device] as SimDisk)
  }

  #takeAtRelay(step: RelayStep): void {
    const { trace, relay, relayDisk, losses } = this.actors
    switch (step.kind) {
      case 'relay crash':
        relay.crash()
        this.#later(step.lastsMs, () => relay.start())
        return
      case 'relay restart':
        void relay.stop().then(() => this.#later(step.lastsMs, () => relay.start()))
        return
      case 'relay crash at':
        this.actors.crashPoints.arm(step.place, step.nth, () => {
          trace.add('relay', `dies as it ${step.place}`)
          relay.crash()
          this.#later(step.lastsMs, () => relay.start())
        })
        return
      case 'relay backup':
        losses.backUp()
        return
      case 'relay loss':
        if (losses.lose(step.how)) this.#later(step.lastsMs, () => relay.start())
        return
      case 'fork':
        losses.fork(step.whom.map((index) => (this.actors.devices[index] as SimDevice).name))
        this.#later(step.lastsMs, () => losses.join())
        return
      case 'a week passes':
        this.passWeek()
        return
      case 'relay disk full':
        trace.add('relay', 'disk full')
        relayDisk.setFull(true)
        this.#later(step.lastsMs, () => relayDisk.setFull(false))
        return
    }
  }

  #takeAtDevice(step: DeviceStep, device: SimDevice, disk: SimDisk): void {
    const { trace, network, duties } = this.actors
    const { keyHolder } = device
    if (device.isAsleep && doneByPeople.has(step.kind)) return
    switch (step.kind) {
      case 'remove':
        if (keyHolder) {
          const names = step.whom.map((index) => (this.actors.devices[index] as SimDevice).name)
          removeDevices(keyHolder, names)
        }
        return
      case 'rotate keys':
        if (keyHolder) rotateKeys(keyHolder)
        return
      case 'sign out':
        device.signOut()
        return
      case 'recover':
        device.loseAndRecover()
        return
      case 'new phrase':
        if (keyHolder) replacePhrase(keyHolder, step.how)
        return
      case 'answer request':
        if (keyHolder) answerRequest(keyHolder, step.how)
        return
      case 'hide keyring':
      case 'replay keyring': {
        trace.add(device.name, step.kind === 'hide keyring' ? 'is kept in the dark' : 'hears old news')
        const lies = network.liesTo(device.name)
        if (step.kind === 'hide keyring') lies.keyring.hide()
        else lies.keyring.replay()
        this.#later(step.lastsMs, () => lies.stop())
        return
      }
      case 'crash at':
        device.crashPoints.arm(step.place, step.nth, () => {
          if (device.state !== 'open') return
          trace.add(device.name, `dies as it ${step.place}`)
          device.crash(step.how)
          this.#later(step.downMs, () => device.start())
        })
        return
      case 'lie': {
        trace.add(device.name, 'is lied to')
        const lies = network.liesTo(device.name)
        lies.begin(step.lie)
        this.#later(step.lastsMs, () => lies.stop())
        return
      }
      case 'edit':
        device.edit(step.collection, step.edits, step.together)
        return
      case 'join':
        device.start()
        return
      case 'go offline':
        trace.add(device.name, 'goes offline')
        device.goOffline()
        return
      case 'go online':
        trace.add(device.name, 'goes online')
        device.goOnline()
        return
      case 'close':
        void device.close()
        return
      case 'open':
        if (device.state === 'closed') device.start()
        return
      case 'flush':
        flush(device)
        return
      case 'crash':
        device.crash(step.how)
        if (step.awayMs > 0) device.goOffline()
        this.#later(step.downMs, () => {
          if (device.state === 'dead') device.start()
        })
        if (step.awayMs > 0) this.#later(step.downMs + step.awayMs, () => device.goOnline())
        return
      case 'weather':
        trace.add(device.name, 'has bad weather')
        {
          const before = network.weatherOf(device.name)
          network.setWeather(device.name, step.weather)
          this.#later(step.lastsMs, () => network.setWeather(device.name, before))
        }
        return
      case 'partition':
        trace.add(device.name, 'is cut off')
        network.setCutOff(device.name, true)
        this.#later(step.lastsMs, () => network.setCutOff(device.name, false))
        return
      case 'disk full':
        trace.add(device.name, 'disk full')
        disk.setFull(true)
        duties.excuse(device.name)
        this.#later(step.lastsMs, () => {
          disk.setFull(false)
          duties.excuse(device.name)
        })
        return
      case 'reset':
        network.reset(device.name, step.whoLearns)
        return
      case 'set clock':
        trace.add(device.name, 'sets its clock')
        device.wallClock.set(step.offsetMs)
        return
      case 'switch off':
      case 'switch on':
        // What was told of it may not be looked at any more.
        duties.excuse(device.name)
        if (keyHolder) device.choices.switch(keyHolder.sync, device.life, step.collection, step.kind === 'switch off')
        return
      case 'set schedule':
      case 'pause':
      case 'resume':
        if (keyHolder) device.choices.schedule(keyHolder.sync, device.life, step)
        return
      case 'network returns':
        trace.add(device.name, 'hears that the network returns')
        device.sync?.networkReturned()
        return
      case 'sync now':
        syncNow(device)
        return
      case 'sleep':
        this.#sleep(device, step.lastsMs)
        return
      case 'store ends':
        this.#endStore(device, disk, step.lastsMs)
    }
  }

  #sleep(device: SimDevice, lastsMs: number): void {
    const { time, trace, duties } = this.actors
    const { life } = device
    if (device.state !== 'open' || device.isAsleep) return
    trace.add(device.name, 'falls asleep')
    duties.excuse(device.name)
    life.fallAsleep(time.nowMs)
    this.#later(lastsMs, () => {
      if (life.alive) trace.add(device.name, 'wakes up')
      duties.excuse(device.name)
      life.wakeUp(time)
    })
  }

  #endStore(device: SimDevice, disk: SimDisk, lastsMs: number): void {
    const { life } = device
    if (device.state !== 'open' || device.isAsleep) return
    this.actors.trace.add(device.name, 'loses its store')
    this.actors.duties.excuse(device.name)
    disk.endStores()
    const restart = async (): Promise<void> => {
      if (device.life !== life) return
      await device.close()
      device.start()
    }
    // Not by `#later`: without this it never writes again.
    this.actors.time.after(lastsMs, () => life.whenAwake(() => void restart()))
  }

  /** Has a process die at one boundary of all that it comes to. */
  arm({ actor, at, how, downMs }: Death): void {
    const { time, relay, devices, crashPoints } = this.actors
    if (actor === 'relay') {
      crashPoints.armAt(at, () => {
        relay.crash()
        // Not by `#later`: it is what the run is about, and faults may end in between.
        time.after(downMs, () => relay.start())
      })
      return
    }
    const device = devices[actor] as SimDevice
    device.crashPoints.armAt(at, () => {
      device.crash(how)
      time.after(downMs, () => device.start())
    })
  }

  passWeek(): void {
    const { trace, relay, devices } = this.actors
    trace.add('world', 'a week passes')
    relay.pass(WEEK_MS)
    for (const { wallClock } of devices) wallClock.pass(WEEK_MS)
  }

  /** Lines are good again and disks have room; whoever is down stays down. */
  end(): void {
    const { network, relayDisk, devices, disks, losses, crashPoints } = this.actors
    this.#hasEnded = true
    relayDisk.setFull(false)
    losses.join()
    crashPoints.disarm()
    for (const device of devices) {
      device.crashPoints.disarm()
      device.life.wakeUp(this.actors.time)
    }
    for (const disk of disks) disk.setFull(false)
    for (const { name } of devices) {
      network.setWeather(name, fairWeather)
      network.setCutOff(name, false)
      network.liesTo(name).stop()
    }
  }

  /** Undoes a fault after its time; overlapping faults of one kind end with the first of them. */
  #later(lastsMs: number, undo: () => void): void {
    this.actors.time.after(lastsMs, () => {
      if (!this.#hasEnded) undo()
    })
  }
}
