import { removeAbandoned } from './ownership.ts'

/** What jest does before it runs any test. */
export default removeAbandoned
