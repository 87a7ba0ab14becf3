// What an app in a browser loads of this package: minified and gzipped, with Yjs and NaCl, and with what it loads on demand. The limit is
// what that is now and a little; docs/benchmarks says what it is to be, and what stands in the way.
export default [
  {
    name: 'the whole client in a browser',
    path: 'packages/core/src/index.ts',
    import: {
      'packages/core/src/index.ts': '{ createAccount, joinAccount, openAccount }',
      'packages/core/src/storage/indexeddb.ts': '{ openIndexedDbStore }',
    },
    gzip: true,
    limit: '222 kB',
    modifyEsbuildConfig: (config) => ({
      ...config,
      conditions: ['@owlivion/source'],
      platform: 'browser',
      format: 'esm',
    }),
  },
]
