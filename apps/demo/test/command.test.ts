// `npm run demo` as a person types it: it builds, prints one address at which the page answers, and Ctrl-C leaves nothing running.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
/** The first build of everything, on a machine that is busy with other tests. */
const BUILT_WITHIN_MS = 600_000

/** Runs the command in a process group of its own, which is what a terminal sends Ctrl-C to. */
function startCommand() {
  const data = mkdtempSync(join(tmpdir(), 'owlivion-demo-command-'))
  const child = spawn('npm', ['run', 'demo'], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, OWLIVION_DEMO_DATA: data },
  })
  const group = -(child.pid as number)
  let output = ''
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const printed = new Promise<string>((resolve, reject) => {
    const take = (chunk: Buffer): void => {
      output += chunk
      const [address] = /http:\/\/\S+/.exec(output) ?? []
      if (address !== undefined) resolve(address)
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    ended.then(() => reject(new Error(`it ended before it printed an address:\n${output}`)))
  })
  const isRunning = (): boolean => {
    try {
      return process.kill(group, 0)
    } catch {
      return false
    }
  }
  onTestFinished(async () => {
    if (isRunning()) process.kill(group, 'SIGKILL')
    await ended
    rmSync(data, { recursive: true, force: true })
  })
  return { printed, ended, isRunning, output: () => output, pressCtrlC: () => process.kill(group, 'SIGINT') }
}

test(
  'the command prints one address, the page is there, and Ctrl-C ends every process of it',
  async () => {
    const demo = startCommand()
    const address = await demo.printed
    const page = await fetch(address)
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('<title>Owlivion Sync')
    expect((await fetch(new URL('/ready', address))).status).toBe(200)
    expect(demo.output().match(/http:/g)?.length).toBe(1)

    demo.pressCtrlC()
    await demo.ended
    // The pipes are closed by the last process that holds them; one that had let go of them would still be in the group.
    while (demo.isRunning()) await new Promise((resolve) => setTimeout(resolve, 50))
    await expect(fetch(address)).rejects.toThrow()
  },
  BUILT_WITHIN_MS,
)
