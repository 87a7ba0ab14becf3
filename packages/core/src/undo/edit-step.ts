// What counts as one thing that a person did: told apart by identity, shown by its label.

/** Edits that are undone together, written through `collection.within(step)`. One step may go over several collections. */
export class EditStep {
  /** @param label what a menu says behind "Undo" */
  constructor(readonly label: string) {}
}
