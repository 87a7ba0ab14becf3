// What an e-mail address and the name of an account look like in a record. Generous: an address is proved by mail that arrives, not by a pattern.
import { emailId } from './record-id'
import { textLike } from './schema'

/** Something, an at sign, and a domain without white space; usable as a record id. */
export const mailAddress = textLike(
  (text) => /^.+@[^\s@]+$/s.test(text.trim()) && emailId(text) !== undefined,
  'an e-mail address',
)

/** The record id of an account. */
export const accountReference = textLike((text) => emailId(text) === text, 'the id of an account')
