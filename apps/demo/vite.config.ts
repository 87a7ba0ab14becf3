import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defaultClientConditions, defineConfig } from 'vite'

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: {
    // The workspace's packages from source: the app needs no other build before its own.
    conditions: ['@owlivion/source', ...defaultClientConditions],
    // Two copies of yjs do not know each other's types.
    dedupe: ['yjs', 'lib0', 'react', 'react-dom'],
  },
  build: {
    // Everything is a file of this origin, as the relay's content security policy asks.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // React, Yjs and the ciphers are needed before anything is shown; parts of them would come no sooner.
    chunkSizeWarningLimit: 700,
  },
})
