// How many entries a second the relay makes durable: each acknowledged after a commit that was synced to disk.
import { decodeFrame, encodeFrame, type Frame, PROTOCOL_VERSION } from '@owlivion/sync-protocol'
import WebSocket from 'ws'
import { documentNamed, TestAccount } from '../../../../packages/relay/test/help/account'
import { startRelay } from './relay-process'

export interface AppendFigures {
  readonly writers: number
  readonly entriesPerPush: number
  readonly entriesPerSecond: number
}

/** Bytes of a sealed one-field edit: a body of 256 with header hash and authenticator. */
const BOX_BYTES = 304
/** Pushes a writer has under way. A device of ours has one; several show what the relay could take. */
const IN_FLIGHT = 8

/** Each writer is an account of its own on a connection of its own. */
export async function measureAppends(
  writers: number,
  entriesPerPush: number,
  pushesPerWriter: number,
): Promise<AppendFigures> {
  const relay = await startRelay()
  const document = documentNamed('contacts')
  const ready = await Promise.all(
    Array.from({ length: writers }, async () => {
      const account = new TestAccount()
      const connection = await openConnection(relay.url, account)
      const pushes = Array.from({ length: pushesPerWriter }, () =>
        encodeFrame(account.first.push(document, { count: entriesPerPush, sizeBytes: BOX_BYTES })),
      )
      return { connection, pushes }
    }),
  )
  const started = performance.now()
  await Promise.all(ready.map(({ connection, pushes }) => pushAll(connection, pushes)))
  const seconds = (performance.now() - started) / 1_000
  for (const { connection } of ready) connection.close()
  await relay.stop()
  return { writers, entriesPerPush, entriesPerSecond: (writers * entriesPerPush * pushesPerWriter) / seconds }
}

function pushAll(connection: WebSocket, pushes: readonly Uint8Array[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let sent = 0
    let confirmed = 0
    const sendNext = (): void => {
      const push = pushes[sent]
      if (push === undefined) return
      sent++
      connection.send(push)
    }
    connection.on('message', (data: Buffer) => {
      const frame = decodeFrame(new Uint8Array(data))
      if (frame.type === 'refused') reject(new TypeError(`${frame.code}: ${frame.message}`))
      if (frame.type !== 'pushed') return
      confirmed++
      if (confirmed === pushes.length) resolve()
      else sendNext()
    })
    for (let i = 0; i < IN_FLIGHT; i++) sendNext()
  })
}

export async function openConnection(url: string, account: TestAccount): Promise<WebSocket> {
  const connection = new WebSocket(url, { perMessageDeflate: false })
  const send = (frame: Frame): void => connection.send(encodeFrame(frame))
  await new Promise<void>((resolve, reject) => {
    connection.on('open', () =>
      send({ type: 'hello', version: PROTOCOL_VERSION, account: account.id, device: account.first.id }),
    )
    connection.on('error', reject)
    connection.on('close', (code) => reject(new Error(`the relay closed the connection: ${code}`)))
    connection.on('message', (data: Buffer) => {
      const frame = decodeFrame(new Uint8Array(data))
      if (frame.type === 'challenge') send(account.first.auth(new URL(url).host, frame.nonce))
      else if (frame.type === 'welcome') send(account.genesis())
      else if (frame.type === 'keyring-changed') resolve()
      else if (frame.type === 'refused') reject(new TypeError(`${frame.code}: ${frame.message}`))
    })
  })
  connection.removeAllListeners('message')
  return connection
}
