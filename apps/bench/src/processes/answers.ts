// A process of the bench answers one call after the other from its parent, and ends with it.

/** What a process can be asked for, by name; arguments and results travel as JSON. */
// biome-ignore lint/suspicious/noExplicitAny: each answer has arguments of its own, and the caller's types hold them.
export type Answers = Readonly<Record<string, (...args: any[]) => unknown>>

export interface Call {
  readonly id: number
  readonly name: string
  readonly args: readonly unknown[]
}

export type Answer = { readonly id: number } & ({ readonly result: unknown } | { readonly error: string })

export function answerParent(answers: Answers): void {
  process.on('message', async ({ id, name, args }: Call) => {
    try {
      const result = await answers[name]?.(...args)
      process.send?.({ id, result } satisfies Answer)
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  })
  process.on('disconnect', () => process.exit(0))
}
