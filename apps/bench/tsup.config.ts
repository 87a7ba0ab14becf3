import { defineConfig } from 'tsup'

// All in one folder: a file finds another by its name next to itself, whatever chunk it was put into.
export default defineConfig({
  entry: {
    bench: 'src/bench.ts',
    'server-process': 'src/processes/server.ts',
    'devices-process': 'src/processes/devices.ts',
    owlivion: 'src/engines/owlivion.ts',
    'owlivion-server': 'src/engines/owlivion-server.ts',
    floor: 'src/engines/floor.ts',
    'floor-server': 'src/engines/floor-server.ts',
  },
  format: 'esm',
  splitting: true,
  sourcemap: true,
  clean: true,
})
