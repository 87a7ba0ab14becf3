// The command line: words and environment in, lines and an exit code out. 0 done, 1 not all of it, 2 not understood.
import { isSyncError } from '../errors'
import { migrate } from './migrate'
import { readOptions, usage } from './options'

const print = (line: string): void => void process.stdout.write(`${line}\n`)
const complain = (text: string): void => void process.stderr.write(text)

async function run(): Promise<number> {
  let options: ReturnType<typeof readOptions>
  try {
    options = readOptions(process.argv.slice(2), process.env)
  } catch (error) {
    complain(`${error instanceof Error ? error.message : error}\n\n${usage}`)
    return 2
  }
  if (options === undefined) {
    process.stdout.write(usage)
    return 0
  }
  return (await migrate(options, print)) ? 0 : 1
}

run().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error)
    complain(isSyncError(error) ? `${message} ${error.action}\n` : `${message}\n`)
    process.exitCode = 1
  },
)
