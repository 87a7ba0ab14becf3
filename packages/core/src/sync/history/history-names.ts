// How the document of a collection's history is called, and which collections have none.
const HISTORY = 'history-of:'
/** What is no collection, or nobody's to look back at. */
const withoutHistory = [HISTORY, 'history:', 'attached:']

/** The name of the document that holds the history of the collection of this name. */
export const historyNameOf = (name: string): string => HISTORY + name

export const isHistoryName = (name: string): boolean => name.startsWith(HISTORY)

export const hasHistory = (name: string): boolean => !withoutHistory.some((prefix) => name.startsWith(prefix))
