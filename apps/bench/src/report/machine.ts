import { cpus, totalmem } from 'node:os'
import type { Machine } from './markdown'

export function machine(): Machine {
  const [cpu] = cpus()
  return {
    cpu: cpu?.model ?? 'unknown processor',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  }
}
