#!/usr/bin/env node
// The command line: options and environment in, one relay process out.
import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import { destination, pino } from 'pino'
import { RelayError } from './errors'
import { type RelayServerOptions, startRelayServer } from './server'

const logLevels = ['debug', 'info', 'warn', 'error', 'silent']
const STANDARD_ERROR = 2

interface ServeOptions {
  readonly data: string
  readonly port: number
  readonly host: string
  readonly acceptHost?: readonly string[]
  readonly static?: string
  readonly inspect?: boolean
  readonly trustProxy?: boolean
  readonly addresses: boolean
  readonly maxDatabaseMb?: number
  readonly signIn?: boolean
  readonly signInKey?: string
  readonly passkeyOrigin?: readonly string[]
  readonly logLevel: string
}

function readPort(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('A port is a number from 0 to 65535.')
  return port
}

function readMegabytes(text: string): number {
  const megabytes = Number(text)
  if (!(megabytes > 0)) throw new InvalidArgumentError('A size is a number of megabytes above 0.')
  return megabytes
}

function readHosts(text: string, before: readonly string[] = []): string[] {
  return [...before, ...text.split(',').map((host) => host.trim().toLowerCase())]
}

function readOrigins(text: string, before: readonly string[] = []): string[] {
  return [...before, ...text.split(',').map((origin) => readOrigin(origin.trim()))]
}

function readOrigin(text: string): string {
  if (!URL.canParse(text) || new URL(text).origin !== text)
    throw new InvalidArgumentError('An origin is a scheme and a host, for example https://mail.example.com.')
  return text
}

async function serve(chosen: ServeOptions): Promise<void> {
  const log = pino({ level: chosen.logLevel, base: null }, destination({ dest: STANDARD_ERROR, sync: true }))
  const isSignInOn = chosen.signIn || chosen.signInKey !== undefined || chosen.passkeyOrigin !== undefined
  const options: RelayServerOptions = {
    data: chosen.data,
    port: chosen.port,
    host: chosen.host,
    log,
    ...(chosen.acceptHost && { acceptHosts: chosen.acceptHost }),
    ...(chosen.static !== undefined && { static: chosen.static }),
    ...(chosen.inspect && { inspect: true }),
    ...(chosen.trustProxy && { trustsProxy: true }),
    keepsAddresses: chosen.addresses,
    ...(isSignInOn && {
      signIn: {
        ...(chosen.signInKey !== undefined && { keyFile: chosen.signInKey }),
        ...(chosen.passkeyOrigin && { passkeyOrigins: chosen.passkeyOrigin }),
      },
    }),
    ...(chosen.maxDatabaseMb && { maxDatabaseBytes: chosen.maxDatabaseMb * 1_048_576 }),
  }
  const server = await startRelayServer(options)
  process.stdout.write(`relay ready on ${server.url}\n`)
  const stop = (signal: string) => {
    log.info({ signal }, 'draining')
    void server.stop().then(
      () => process.exit(0),
      (error) => {
        log.error({ error }, 'the relay did not end in order')
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
const program = new Command('owlivion-relay')
  .description('Orders and keeps sealed boxes for Owlivion Sync devices, and opens none.')
  .version(version)
program
  .command('serve')
  .description('Run the relay until SIGTERM.')
  .addOption(new Option('--data <folder>', 'folder of the database').env('OWLIVION_DATA').makeOptionMandatory())
  .addOption(
    new Option('--port <number>', '0 for any free port').env('OWLIVION_PORT').argParser(readPort).makeOptionMandatory(),
  )
  .addOption(new Option('--host <address>', 'address to listen on').env('OWLIVION_HOST').default('127.0.0.1'))
  .addOption(
    new Option('--accept-host <host:port>', 'address that devices dial; repeat for several')
      .env('OWLIVION_ACCEPT_HOST')
      .argParser(readHosts),
  )
  .addOption(new Option('--static <folder>', 'a built app to serve').env('OWLIVION_STATIC'))
  .addOption(
    new Option(
      '--trust-proxy',
      'take addresses of devices from X-Forwarded-For: one proxy stands before the relay',
    ).env('OWLIVION_TRUST_PROXY'),
  )
  .addOption(new Option('--no-addresses', 'keep no addresses of devices').env('OWLIVION_NO_ADDRESSES'))
  .addOption(new Option('--inspect', 'show the newest sealed entries at /inspect').env('OWLIVION_INSPECT'))
  .addOption(
    new Option('--max-database-mb <number>', 'the database grows no further')
      .env('OWLIVION_MAX_DATABASE_MB')
      .argParser(readMegabytes),
  )
  .addOption(new Option('--sign-in', 'let accounts be opened with a password').env('OWLIVION_SIGN_IN'))
  .addOption(
    new Option('--sign-in-key <file>', 'secrets of password sign-in, outside the data; back it up apart').env(
      'OWLIVION_SIGN_IN_KEY',
    ),
  )
  .addOption(
    new Option('--passkey-origin <url>', 'site that may ask for a passkey; repeat for several')
      .env('OWLIVION_PASSKEY_ORIGIN')
      .argParser(readOrigins),
  )
  .addOption(
    new Option('--log-level <level>', 'what goes to standard error')
      .env('OWLIVION_LOG_LEVEL')
      .choices(logLevels)
      .default('info'),
  )
  .action(serve)

program.parseAsync().catch((error: unknown) => {
  const lines = error instanceof RelayError ? `${error.message}\n${error.action}` : String((error as Error).stack)
  process.stderr.write(`${lines}\n`)
  process.exit(1)
})
