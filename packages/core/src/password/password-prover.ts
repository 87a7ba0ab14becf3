// OPAQUE as the device sees it, behind an interface: the library is one WASM build of 153 KB with few users, loaded when a password is
// first typed, and may have to be replaced. The relay never sees the password, nor anything it could be tried against without the
// secrets of its key file.
import { base64urlToBytes } from '@owlivion/sync-protocol'

/** What comes out when the password was right: the proof for the relay, and the key that the relay cannot derive. */
export interface ProvenPassword {
  /** Which of the relay's answers fitted. */
  readonly slot: number
  readonly proof: string
  readonly exportKey: Uint8Array
}

export interface PasswordProver {
  register(password: string): {
    readonly request: string
    /** Takes about half a second of computing, on purpose. */
    finish(response: string): { readonly registration: string; readonly exportKey: Uint8Array }
  }
  prove(password: string): {
    readonly request: string
    /** Half a second for each answer that does not fit. @returns undefined when the password fits none */
    finish(responses: readonly string[]): ProvenPassword | undefined
  }
}

/**
 * Argon2id with 64 MiB, three passes and four lanes: the second recommendation of RFC 9106, and the strongest of the library's
 * settings that phones and browser tabs can run. Its first one takes 2 GiB. Fixed here, so that no relay can ask for less.
 */
const keyStretching = 'memory-constrained'

export async function loadPasswordProver(): Promise<PasswordProver> {
  const { client, ready } = await import('@serenity-kit/opaque')
  await ready
  return {
    register(password) {
      const { clientRegistrationState, registrationRequest } = client.startRegistration({ password })
      return {
        request: registrationRequest,
        finish(registrationResponse) {
          const finished = client.finishRegistration({
            clientRegistrationState,
            registrationResponse,
            password,
            keyStretching,
          })
          return { registration: finished.registrationRecord, exportKey: base64urlToBytes(finished.exportKey) }
        },
      }
    },
    prove(password) {
      const { clientLoginState, startLoginRequest } = client.startLogin({ password })
      return {
        request: startLoginRequest,
        finish(responses) {
          for (const [slot, loginResponse] of responses.entries()) {
            const finished = client.finishLogin({ clientLoginState, loginResponse, password, keyStretching })
            if (finished !== undefined)
              return { slot, proof: finished.finishLoginRequest, exportKey: base64urlToBytes(finished.exportKey) }
          }
          return undefined
        },
      }
    },
  }
}
