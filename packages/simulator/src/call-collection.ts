// A planned edit as the call that an app makes.
import type { SimCollection } from './book'
import type { PlannedEdit } from './plan'

/** An app would see a refused value as a throw or a rejection, whichever comes; both are one thing here. */
export async function callCollection(collection: SimCollection, edits: readonly PlannedEdit[]): Promise<void> {
  const [edit] = edits
  if (edit === undefined) return
  if (edits.length > 1) return collection.addAll(edits.map((each) => [each.id, fieldsOf(each)] as const))
  switch (edit.kind) {
    case 'add':
      return collection.add(edit.id, fieldsOf(edit))
    case 'update':
      return collection.update(edit.id, fieldsOf(edit))
    case 'delete':
      return collection.delete(edit.id)
    case 'restore':
      return collection.restore(edit.id)
  }
}

/** The collections here hold any fields, for which TypeScript has no type of their own. */
function fieldsOf(edit: PlannedEdit): Record<string, never> {
  return ('fields' in edit ? edit.fields : {}) as Record<string, never>
}
