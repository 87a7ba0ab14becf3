import { ready, server } from '@serenity-kit/opaque'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { loadPasswordProver, type PasswordProver } from '../../src/password/password-prover'

const asked: unknown[] = []

// As the library is, and watched.
vi.mock('@serenity-kit/opaque', async (original) => {
  const opaque = await original<typeof import('@serenity-kit/opaque')>()
  const { client } = opaque
  return {
    ...opaque,
    client: {
      ...client,
      finishRegistration(options: Parameters<typeof client.finishRegistration>[0]) {
        asked.push(options.keyStretching)
        return client.finishRegistration(options)
      },
      finishLogin(options: Parameters<typeof client.finishLogin>[0]) {
        asked.push(options.keyStretching)
        return client.finishLogin(options)
      },
    },
  }
})

const name = 'ann'

describe('a proof of a password', () => {
  let prover: PasswordProver
  let serverSetup: string
  beforeAll(async () => {
    await ready
    serverSetup = server.createSetup()
    prover = await loadPasswordProver()
  })

  function register(password: string) {
    const { request, finish } = prover.register(password)
    const parameters = { serverSetup, userIdentifier: name, registrationRequest: request }
    return finish(server.createRegistrationResponse(parameters).registrationResponse)
  }

  function login(password: string, registrations: readonly (string | undefined)[]) {
    const { request, finish } = prover.prove(password)
    const started = registrations.map((registrationRecord) =>
      server.startLogin({ serverSetup, userIdentifier: name, registrationRecord, startLoginRequest: request }),
    )
    return { proven: finish(started.map(({ loginResponse }) => loginResponse)), started }
  }

  it('gives the key of the registration that it fits, and the relay can check it', () => {
    const before = register('the password before')
    const now = register('the password now')
    const { proven, started } = login('the password before', [now.registration, before.registration])
    expect(proven).toMatchObject({ slot: 1, exportKey: before.exportKey })
    expect(before.exportKey).not.toEqual(now.exportKey)
    const finishLoginRequest = proven?.proof as string
    const serverLoginState = started[1]?.serverLoginState as string
    expect(() => server.finishLogin({ serverLoginState, finishLoginRequest })).not.toThrow()
  })

  it('fits nothing when the password is another, or the relay knows nobody', () => {
    const { registration } = register('the password now')
    expect(login('another password', [registration]).proven).toBeUndefined()
    expect(login('the password now', [undefined]).proven).toBeUndefined()
  })

  it('is always stretched with 64 MiB, whatever the relay says', () => {
    expect(asked.length).toBeGreaterThan(4)
    expect(new Set(asked)).toEqual(new Set(['memory-constrained']))
  })
})
