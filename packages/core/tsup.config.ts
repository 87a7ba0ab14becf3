import { defineConfig } from 'tsup'

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    indexeddb: 'src/storage/indexeddb.ts',
    sqlite: 'src/storage/sqlite.ts',
    node: 'src/platform/node.ts',
    mail: 'src/mail/index.ts',
    vcard: 'src/mail/vcard/index.ts',
    testing: 'src/testing/index.ts',
  },
  format: ['esm', 'cjs'],
  dts: true,
  sourcemap: true,
  clean: true,
})
