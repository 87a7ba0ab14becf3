import { defineConfig } from 'tsup'

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    indexeddb: 'src/storage/indexeddb.ts',
    sqlite: 'src/storage/sqlite.ts',
    node: 'src/platform/node.ts',
    mail: 'src/mail/index.ts',
    html: 'src/mail/html/index.ts',
    vcard: 'src/mail/vcard/index.ts',
    csv: 'src/mail/csv/index.ts',
    transfer: 'src/mail/transfer/index.ts',
    'provider-settings': 'src/mail/provider-settings/index.ts',
    'owlivion-mail': 'src/mail/owlivion-mail/index.ts',
    'command-line': 'src/command-line/main.ts',
    history: 'src/history/index.ts',
    commands: 'src/commands/index.ts',
    password: 'src/password/index.ts',
    pairing: 'src/pairing/index.ts',
    testing: 'src/testing/index.ts',
  },
  format: ['esm', 'cjs'],
  // What two entries share is one file for both, in CommonJS too: one SyncError class, one list of locks held by this process.
  splitting: true,
  // Constructors that only the package itself calls would drag the engine, and Yjs's types with it, into the declarations; these
  // do not resolve from CommonJS.
  dts: { compilerOptions: { stripInternal: true } },
  sourcemap: true,
  clean: true,
})
