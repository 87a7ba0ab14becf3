// Subpath '@owlivion/sync/html': HTML that somebody else may have written, made fit to be shown. Apart from the data types, for it
// carries an HTML parser: load it where signatures, templates and drafts are shown.
export type { EditorSchema } from './node-names'
export { htmlOfText, type RichText } from './read-html'
export { type SanitizeOptions, sanitizeHtml } from './sanitize-html'
export { type WriteHtmlOptions, writeHtml } from './write-html'
