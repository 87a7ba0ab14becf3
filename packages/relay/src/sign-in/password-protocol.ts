// OPAQUE as the relay sees it, behind an interface: the library is one WASM build with few users, and may have to be replaced.
import { client, ready, server } from '@serenity-kit/opaque'

/** The relay's half. Messages are text as the library makes it. */
export interface PasswordProtocol {
  createSetup(): string
  /** The answer to a client that registers. @returns undefined when the request is malformed */
  answerRegistration(setup: string, name: string, request: string): string | undefined
  /** True when somebody can sign in with it: what cannot be read is refused before it takes the place of what can. */
  isRegistration(setup: string, name: string, registration: string): boolean
  /**
   * The answer to a client that signs in. Without a registration it is an answer that nobody can tell from a real one, and that
   * no password fits.
   * @returns undefined when the request is malformed
   */
  answerLogin(
    setup: string,
    name: string,
    registration: string | undefined,
    request: string,
  ): { readonly state: string; readonly response: string } | undefined
  /** True when the client has shown that it knows the password. */
  isProven(state: string, proof: string): boolean
}

/** Loads the WASM build. */
export async function loadPasswordProtocol(): Promise<PasswordProtocol> {
  await ready
  return {
    createSetup: () => server.createSetup(),
    answerRegistration: (serverSetup, userIdentifier, registrationRequest) =>
      attempt(() => server.createRegistrationResponse({ serverSetup, userIdentifier, registrationRequest }))
        ?.registrationResponse,
    isRegistration(serverSetup, userIdentifier, registrationRecord) {
      const { startLoginRequest } = client.startLogin({ password: '' })
      const parameters = { serverSetup, userIdentifier, registrationRecord, startLoginRequest }
      return attempt(() => server.startLogin(parameters)) !== undefined
    },
    answerLogin(serverSetup, userIdentifier, registrationRecord, startLoginRequest) {
      const started = attempt(() =>
        server.startLogin({
          serverSetup,
          userIdentifier,
          registrationRecord: registrationRecord ?? null,
          startLoginRequest,
        }),
      )
      return started && { state: started.serverLoginState, response: started.loginResponse }
    },
    isProven: (serverLoginState, finishLoginRequest) =>
      attempt(() => server.finishLogin({ serverLoginState, finishLoginRequest })) !== undefined,
  }
}

/** The library throws for a wrong password and for bytes that are no message: to a caller both are "no". */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
