// Long work in slices, so that a window goes on drawing and a person can stop it.

/** For work that may take longer than a blink. */
export interface SliceOptions {
  /** Told after each slice how far it is. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void
  /** Stops the work before the next slice. */
  readonly signal?: AbortSignal
}

/** For an import. */
export interface ImportOptions extends SliceOptions {
  /** What a menu says behind "Undo", since all of an import is one step to undo; default "Import". */
  readonly label?: string
}

export const IMPORT_LABEL = 'Import'

/** A break between two tasks: what waits, such as drawing and clicks, goes first. It is no wait for an amount of time. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}
