// npm runs a script through a shell, and a signal sent to npm ends that shell, or only npm, without reaching what the shell
// started. Whoever loses its starter this way ends too, or `npm run demo` would leave a relay behind.
import { readFileSync } from 'node:fs'

/**
 * Calls `orphaned` once when npm, or whatever else started this process, is gone. Keeps nothing alive.
 * @param {() => void} orphaned
 */
export function watchParent(orphaned) {
  const starters = startersOf()
  const timer = setInterval(() => {
    const now = startersOf()
    if (starters.every((pid, index) => pid === now[index])) return
    clearInterval(timer)
    orphaned()
  }, 500)
  timer.unref()
}

/**
 * The parent and, where the parent is only npm's shell and /proc tells, npm behind it.
 */
function startersOf() {
  const parent = process.ppid
  try {
    const shell = /^(ba|da|)sh$/.test(readFileSync(`/proc/${parent}/comm`, 'utf8').trim())
    const started = process.env.npm_lifecycle_event !== undefined
    const grandparent = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${parent}/status`, 'utf8'))?.[1]
    return shell && started && grandparent !== undefined ? [parent, Number(grandparent)] : [parent]
  } catch {
    // No /proc (macOS, Windows), or the parent went away between two reads: what is left is the parent's number.
    return [parent]
  }
}
