/** Milliseconds of the machine's monotonic clock, which all processes share. */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Looks every millisecond: a process that looked without a rest would take a core from those that it waits for. */
export async function until(isSo: () => boolean, timeoutMs = 60_000): Promise<void> {
  const endMs = nowMs() + timeoutMs
  while (!isSo()) {
    if (nowMs() > endMs) throw new Error(`not so after ${timeoutMs / 1_000} s: ${isSo}`)
    await sleep(1)
  }
}
