// OPAQUE without the stretching of passwords, which takes half a second each time, on purpose. For tests that type many of them; that
// the product stretches, and how much, has a test of its own. Use: vi.mock('@serenity-kit/opaque', quickStretching)
type Opaque = typeof import('@serenity-kit/opaque')

export async function quickStretching(original: () => Promise<Opaque>): Promise<Opaque> {
  const opaque = await original()
  const keyStretching = { 'argon2id-custom': { iterations: 1, memory: 8, parallelism: 1 } }
  const { client } = opaque
  return {
    ...opaque,
    client: {
      ...client,
      finishRegistration: (options) => client.finishRegistration({ ...options, keyStretching }),
      finishLogin: (options) => client.finishLogin({ ...options, keyStretching }),
    },
  }
}
