// The process of one measurement: prints its rows as JSON.
import type { Measurement } from './measurement'
import { measurements } from './measurements'

const [name = ''] = process.argv.slice(2)
const measurement = measurements[name] as Measurement
const rows = await measurement.run()
process.stdout.write(`${JSON.stringify(rows)}\n`, () => process.exit())
