// What a service answered to one question, kept for all components that ask it, and asked anew when something changed. React wants the same
// object for as long as the answer is the same.
import type { SyncService } from '@owlivion/sync/commands'

/** As the old hooks told it. */
export interface Asked<Value> {
  readonly value: Value | null
  readonly loading: boolean
  readonly error: string | null
}

/** A question that has a name, by which its answer is kept. */
export interface Question<Value> {
  readonly name: string
  ask(service: SyncService): Promise<Value>
}

const notAsked: Asked<never> = { value: null, loading: true, error: null }

export class Answer<Value> {
  #asked: Asked<Value> = notAsked
  #asking: Promise<void> | undefined
  #isOutdated = false
  #end: (() => void) | undefined
  readonly #listeners = new Set<() => void>()

  constructor(
    private readonly service: SyncService,
    private readonly question: Question<Value>,
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    if (this.#end === undefined) {
      this.#end = this.service.subscribe(() => void this.reload())
      void this.reload()
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      this.#end?.()
      this.#end = undefined
    }
  }

  readonly get = (): Asked<Value> => this.#asked

  /** Resolves with an answer that was asked for after the call. */
  readonly reload = (): Promise<void> => {
    // What changes while the answer is on its way may not be in it.
    if (this.#asking !== undefined) this.#isOutdated = true
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #ask(): Promise<void> {
    do {
      this.#isOutdated = false
      try {
        this.#answered({ value: await this.question.ask(this.service), loading: false, error: null })
      } catch (error) {
        this.#answered({ ...this.#asked, loading: false, error: messageOf(error) })
      }
    } while (this.#isOutdated)
  }

  #answered(asked: Asked<Value>): void {
    if (JSON.stringify(asked) === JSON.stringify(this.#asked)) return
    this.#asked = asked
    for (const listener of [...this.#listeners]) listener()
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

const answersByService = new WeakMap<SyncService, Map<string, Answer<unknown>>>()

export function answerOf<Value>(service: SyncService, question: Question<Value>): Answer<Value> {
  const answers = answersByService.get(service) ?? new Map<string, Answer<unknown>>()
  answersByService.set(service, answers)
  const known = answers.get(question.name) ?? new Answer<unknown>(service, question)
  answers.set(question.name, known)
  return known as Answer<Value>
}

/** What a server can say: it is no device. */
export function unanswered(): Asked<never> {
  return notAsked
}
