// A check in the words of Standard Schema, so that a collection, a form library or an app asks it like any other schema.
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Check, Issue } from './check'

/** A Standard Schema that answers at once, with the same value. */
export interface RecordSchema<T> {
  readonly '~standard': Omit<StandardSchemaV1.Props<unknown, T>, 'validate'> & {
    readonly validate: (value: unknown) => StandardSchemaV1.Result<T>
  }
}

export function schemaOf<T>(check: Check<T>): RecordSchema<T> {
  return {
    '~standard': {
      version: 1,
      vendor: 'owlivion',
      validate(value) {
        const issues: Issue[] = []
        check(value, [], issues)
        return issues.length === 0 ? { value: value as T } : { issues }
      },
    },
  }
}
