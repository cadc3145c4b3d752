import type { Awaitable } from './json.ts'
import type { Check } from './resolve-options.ts'

/** What a person must do to install something: a step, several, or a function that finds out. */
export type InstallInstructions = string | readonly string[] | (() => Awaitable<string | readonly string[]>)

/** The steps, one by one. */
export async function readInstructions(given: InstallInstructions | undefined): Promise<string[]> {
  const found = typeof given === 'function' ? await given() : given
  const steps = typeof found === 'string' ? [found] : (found ?? [])
  return steps.map((step) => step.trim()).filter((step) => step !== '')
}

/** For the option. */
export const beInstructions: Check = (value) => {
  const isFine =
    typeof value === 'string' ||
    typeof value === 'function' ||
    (Array.isArray(value) && value.every((item) => typeof item === 'string'))
  return isFine ? undefined : 'a string, an array of strings, or a function that returns one of these'
}
