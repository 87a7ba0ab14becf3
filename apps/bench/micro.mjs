import { createAccount, openMemoryStore } from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'
const { sync } = await createAccount({ platform: nodePlatform(), store: openMemoryStore(), relay: 'ws://127.0.0.1:1', deviceName: 'x', online: false })
const contacts = await sync.open('contacts')
const fields = ['name', 'email', 'phone', 'company', 'title', 'street', 'city', 'country', 'birthday', 'note']
await contacts.addAll(Array.from({ length: 100 }, (_, i) => [`c${i}@example.com`, Object.fromEntries(fields.map(f => [f, `${f} value of ${i}`]))]))
const turn = () => new Promise(r => setImmediate(r))
for (let round = 0; round < 4; round++) {
  const c0 = process.cpuUsage(), t0 = performance.now()
  let sync_ = 0
  for (let e = 0; e < 10000; e++) {
    const cell = e % 1000
    const s = performance.now()
    void contacts.update(`c${cell % 100}@example.com`, { [fields[Math.floor(cell / 100)]]: `value ${round} ${e}` })
    sync_ += performance.now() - s
    if (e % 50 === 49) await turn()
  }
  const c = process.cpuUsage(c0)
  console.log('total ms', (performance.now() - t0).toFixed(0), 'in update', sync_.toFixed(0), 'cpu', ((c.user + c.system) / 1000).toFixed(0))
}
await sync.close()
