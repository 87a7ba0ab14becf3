// One of the processes that sqlite-at-rest.test.ts lets keep keys in the same files at once. Says what is in each.
import { join } from 'node:path'
import { keyFileVault } from '../../src/storage/sqlite'

const [folder, own, count] = process.argv.slice(2) as [string, string, string]
process.stdout.write('ready\n')
process.stdin.once('data', async () => {
  const kept: number[] = []
  for (let n = 0; n < Number(count); n++) {
    const key = await keyFileVault(join(folder, `raced-${n}`)).keep(new Uint8Array(32).fill(Number(own)))
    kept.push(key[0]!)
  }
  process.stdout.write(kept.join(' '))
  process.stdin.destroy()
})
