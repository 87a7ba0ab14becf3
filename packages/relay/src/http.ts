// The HTTP side of the relay: is it alive, does it serve, what does it hold, and the files of an app.
import { bytesToHex } from '@owlivion/sync-protocol'
import { Hono } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import type { Relay } from './relay'
import type { StaticFiles } from './static-files'

const INSPECTED_ENTRIES = 50

export interface HttpOptions {
  readonly relay: Relay
  readonly files?: StaticFiles | undefined
  /** Shows the newest sealed entries to everybody who can reach the port. */
  readonly inspect?: boolean
  /** The relay offers password sign-in, whose OPAQUE is WebAssembly: a page from here may compile it, and still run no text as code. */
  readonly allowsWasm?: boolean
}

export function createHttpApp({ relay, files, inspect = false, allowsWasm = false }: HttpOptions): Hono {
  const app = new Hono()
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        ...(allowsWasm && { scriptSrc: ["'self'", "'wasm-unsafe-eval'"] }),
        // A device may use a relay on another address than the one that served the app.
        connectSrc: ["'self'", 'ws:', 'wss:'],
        imgSrc: ["'self'", 'data:', 'blob:'],
        styleSrc: ["'self'", "'unsafe-inline'"],
        workerSrc: ["'self'", 'blob:'],
        objectSrc: ["'none'"],
        baseUri: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'self'"],
      },
      // The relay itself speaks plain HTTP; whether there is TLS before it is the operator's to say.
      strictTransportSecurity: false,
      xFrameOptions: 'SAMEORIGIN',
    }),
  )

  app.get('/health', (context) => context.json({ status: 'ok' }, 200, { 'Cache-Control': 'no-store' }))
  app.get('/ready', (context) => {
    const { ok, reasons } = relay.ready()
    return context.json({ ready: ok, reasons }, ok ? 200 : 503, { 'Cache-Control': 'no-store' })
  })
  if (inspect) {
    app.get('/inspect', async (context) => {
      const { entries, ...totals } = await relay.inspect(INSPECTED_ENTRIES)
      const rows = entries.map(({ document, number, device, bytes, start }) => ({
        document: bytesToHex(document),
        number,
        device: bytesToHex(device),
        bytes,
        start: bytesToHex(start),
      }))
      return context.json({ entries: rows, ...totals }, 200, { 'Cache-Control': 'no-store' })
    })
  }
  if (files !== undefined) {
    app.get('*', async (context) => {
      const file = await files(context.req.path)
      if (file === undefined) return context.notFound()
      return context.body(file.body, 200, { 'Content-Type': file.contentType, 'Cache-Control': file.cacheControl })
    })
  }
  app.notFound((context) => context.json({ error: 'not-found' }, 404))
  app.onError((_error, context) => context.json({ error: 'unavailable' }, 503))
  return app
}
