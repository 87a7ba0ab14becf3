// The walls of the house: which room may know which. An arrow that points back is refused by name, with the file it starts from.

/** Inside core, in the order in which data passes; a folder knows itself and those before it. */
const coreFolders = ['crypto', 'account', 'document', 'storage', 'sync', 'tabs', 'mail']
const core = '^packages/core/src/'
/** Ground under every folder: the error class, which fields are secret, the one yjs module, the platform interface and its implementations. */
const coreGround = ['errors\\.ts$', 'secret-fields\\.ts$', 'yjs\\.ts$', 'platform/']
/** The only files of core that may know that Node exists; all are reached through their own subpath export. */
const coreOnNode = [
  `${core}storage/sqlite[^/]*\\.ts$`,
  `${core}platform/node[^/]*\\.ts$`,
  `${core}mail/owlivion-mail/`,
  `${core}command-line/`,
  `${core}testing/`,
]

const npmPackage = (name) => `(^|/)node_modules/(@types/)?${name}(/|$)`

const coreOrder = coreFolders.map((folder, position) => ({
  name: `core-${folder}-has-no-back-arrow`,
  comment: `core/src/${folder} may import only itself, ${['errors.ts, secret-fields.ts, yjs.ts, platform', ...coreFolders.slice(0, position)].join(', ')}.`,
  severity: 'error',
  from: { path: `${core}${folder}/` },
  to: {
    path: core,
    pathNot: [...coreGround, ...coreFolders.slice(0, position + 1).map((each) => `${each}/`)].map(
      (each) => core + each,
    ),
  },
}))

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circle',
      comment: 'Two files that need each other are one concept in two places, or a third that is missing.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'What cannot be resolved cannot be checked: every other wall would let it through.',
      severity: 'error',
      // The command's door leads to the build, which a fresh clone does not have yet; the packed relay is started in test:dist. The peers of
      // the benchmark are installed only when they are asked for, outside the workspace.
      from: { pathNot: '^(packages/(core|relay)/bin|apps/bench/peers)/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'protocol-knows-only-lib0',
      comment: 'protocol is what travels: no I/O, no clock, no random, no document.',
      severity: 'error',
      from: { path: '^packages/protocol/src/' },
      to: { pathNot: ['^packages/protocol/src/', npmPackage('lib0')] },
    },
    {
      name: 'relay-opens-nothing',
      comment: 'A relay that can import yjs, core or a cipher is a relay that could read.',
      severity: 'error',
      from: { path: '^packages/relay/src/' },
      to: { path: ['^packages/(core|react|simulator)/', npmPackage('(yjs|y-protocols|tweetnacl|@scure/bip39)')] },
    },
    {
      name: 'core-stands-alone',
      comment: 'core is what an app imports; nothing of the server, of a framework or of the simulator comes with it.',
      severity: 'error',
      from: { path: '^packages/core/' },
      to: { path: ['^(packages/(relay|react|simulator)|apps)/', npmPackage('(react|react-dom)')] },
    },
    {
      name: 'react-is-a-thin-layer',
      comment: 'react knows core and React, nothing else.',
      severity: 'error',
      from: { path: '^packages/react/src/' },
      to: { pathNot: ['^packages/(react|core)/src/', npmPackage('react')] },
    },
    {
      name: 'demo-is-an-ordinary-app',
      comment: 'The demo sees what every app sees: core and react. The relay is another process.',
      severity: 'error',
      from: { path: '^apps/demo/src/' },
      to: { path: '^packages/(relay|simulator)/' },
    },
    {
      name: 'yjs-through-one-door',
      comment: 'Only core/src/yjs.ts imports yjs: a second copy is silent corruption, and another major is one change.',
      severity: 'error',
      from: { path: '^packages/(core|react|relay|protocol)/src/', pathNot: `${core}yjs\\.ts$` },
      to: { path: npmPackage('yjs') },
    },
    ...coreOrder,
    {
      name: 'core-ground-knows-nothing-above',
      comment:
        'errors.ts, secret-fields.ts, yjs.ts and platform stand under every folder of core and import none of them.',
      severity: 'error',
      from: { path: coreGround.map((each) => core + each) },
      to: { path: core, pathNot: coreGround.map((each) => core + each) },
    },
    {
      name: 'core-folder-has-one-door',
      comment: 'A folder of core is entered only by its index.ts; a subpath of mail by its own.',
      severity: 'error',
      from: { path: `${core}([^/]+)/` },
      to: {
        path: `${core}(${coreFolders.join('|')})/`,
        pathNot: [
          `${core}$1/`,
          `${core}[^/]+/index\\.ts$`,
          `${core}mail/[^/]+/index\\.ts$`,
          `${core}storage/sqlite\\.ts$`,
        ],
      },
    },
    {
      name: 'core-folder-has-one-door-from-the-top',
      comment: 'A folder of core is entered only by its index.ts.',
      severity: 'error',
      from: { path: `${core}[^/]+\\.ts$` },
      to: { path: `${core}(${coreFolders.join('|')})/`, pathNot: `${core}[^/]+/index\\.ts$` },
    },
    {
      name: 'core-runs-anywhere',
      comment:
        'Node built-ins and Node packages only in storage/sqlite*.ts, platform/node*.ts and testing: the rest runs in a browser.',
      severity: 'error',
      from: { path: core, pathNot: coreOnNode },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'core-runs-anywhere-packages',
      comment:
        'Node built-ins and Node packages only in storage/sqlite*.ts, platform/node*.ts and testing: the rest runs in a browser.',
      severity: 'error',
      from: { path: core, pathNot: coreOnNode },
      to: { path: npmPackage('(better-sqlite3|ws)') },
    },
    {
      name: 'no-app-carries-test-tools',
      comment: 'core/src/testing is for tests, contract suites and the simulator.',
      severity: 'error',
      from: { path: '^(packages|apps)/[^/]+/src/', pathNot: [`${core}testing/`, '^packages/simulator/'] },
      to: { path: `${core}testing/` },
    },
    {
      name: 'source-knows-no-test',
      comment:
        'Tests import source, never the other way. The bench drives the relay with the hand-made device of its tests.',
      severity: 'error',
      from: { path: '^(packages|apps)/[^/]+/src/', pathNot: '^apps/bench/' },
      to: { path: '^((packages|apps)/[^/]+/(test|browser)|e2e|docs)/' },
    },
    {
      name: 'declared-dependency',
      comment:
        'What a package imports at run time stands in its dependencies or peers, or an installed copy will miss it.',
      severity: 'error',
      from: { path: '^packages/(protocol|core|relay|react)/src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm-peer', 'type-only'] },
    },
  ],
  options: {
    exclude: { path: '^(packages|apps)/[^/]+/dist/' },
    doNotFollow: { path: 'node_modules' },
    // Type-only imports are arrows too: what a file must know about, it depends on.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@owlivion/source', 'import', 'browser', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.cjs', '.json', '.d.ts', '.css'],
    },
  },
}
