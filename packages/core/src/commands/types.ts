// The data types that the old sync had. The others of `mailTypes` are synced as well, and have no card in its window.
export const oldTypes = ['accounts', 'contacts', 'preferences', 'signatures'] as const
