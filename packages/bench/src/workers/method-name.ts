/** The names of what is in `methods.ts`. */
export const methodNames = ['nothing', 'echo', 'nap', 'sieve'] as const

/** One of them. */
export type MethodName = (typeof methodNames)[number]
