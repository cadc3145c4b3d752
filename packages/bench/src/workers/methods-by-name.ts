import { echo, nap, nothing, sieve } from './methods.ts'

/** All methods, for the pools whose workers are told a name. */
export const methodsByName: {
  readonly nothing: typeof nothing
  readonly echo: typeof echo
  readonly nap: typeof nap
  readonly sieve: typeof sieve
} = { nothing, echo, nap, sieve }
