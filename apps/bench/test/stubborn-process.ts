// A process that does not do what it is asked for.
import { answerParent } from '../src/processes/answers'

answerParent({
  /** Its loop never turns again. */
  hang() {
    for (;;);
  },
  wait: () => new Promise(() => undefined),
  fall: () => process.exit(1),
})
