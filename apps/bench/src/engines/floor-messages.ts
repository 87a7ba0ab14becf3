/** A later t wins, of equal ones the greater value. */
export type Cell = [id: string, field: string, value: string, t: number]

export type ToFloor =
  | { readonly type: 'join'; readonly room: string }
  | { readonly type: 'cells'; readonly n: number; readonly cells: Cell[] }

export type FromFloor =
  | { readonly type: 'cells'; readonly cells: Cell[] }
  /** Everything up to this message is on the disk. */
  | { readonly type: 'taken'; readonly n: number }
