// Schemas of mail records.
export {
  type Check,
  type Checks,
  flag,
  integer,
  list,
  object,
  oneOf,
  optional,
  pair,
  tagged,
  text,
  textLike,
  where,
  yes,
} from './check'
export { type RecordSchema, schemaOf } from './standard'
