import type { Engine } from './engine'

export const ours: Engine = {
  name: 'owlivion',
  server: new URL('./owlivion-server.js', import.meta.url),
  client: new URL('./owlivion.js', import.meta.url),
}

export const floor: Engine = {
  name: 'floor',
  server: new URL('./floor-server.js', import.meta.url),
  client: new URL('./floor.js', import.meta.url),
}
