// Prints every error code the engine and the relay can name, as JSON. Run from source, so that the check needs no build.
import { localCodes } from '../packages/core/src/errors'
import { protocolCodes } from '../packages/protocol/src/index'

console.log(JSON.stringify([...Object.keys(localCodes), ...Object.keys(protocolCodes)]))
