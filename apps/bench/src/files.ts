// Where the programs of the processes are: next to each other in the build, in their folders in the source.
const isBuilt = import.meta.url.endsWith('.js')

const fileOf = (source: string, built: string): URL =>
  new URL(isBuilt ? `./${built}.js` : `./${source}.ts`, import.meta.url)

export const programs = {
  server: fileOf('processes/server', 'server-process'),
  devices: fileOf('processes/devices', 'devices-process'),
}

export const engineFiles = {
  owlivion: {
    server: fileOf('engines/owlivion-server', 'owlivion-server'),
    client: fileOf('engines/owlivion', 'owlivion'),
  },
  floor: { server: fileOf('engines/floor-server', 'floor-server'), client: fileOf('engines/floor', 'floor') },
}

/** What Node needs to run them. Figures are of the build: a loader of TypeScript takes memory and time of its own. */
export const nodeArguments: readonly string[] = isBuilt ? [] : ['--conditions=@owlivion/source', '--import', 'tsx']
