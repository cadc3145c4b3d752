import type { CallRecord } from '../call/call-record.ts'

/** Starts a call. `caller` is the function whose caller made it. */
export type Submit = (
  method: string,
  args: readonly unknown[],
  caller: (...args: never[]) => unknown,
) => CallRecord

/**
 * The client of a worker: a function, or an object with the worker's methods. An unknown method is a call that
 * is rejected with the list of the known ones; but what `await`, symbols and the like look up is not there.
 *
 * @param functionName - how the calls of a function worker are named.
 */
export function createClient(
  kind: 'function' | 'object',
  functionName: string,
  methods: readonly string[],
  submit: Submit,
): object {
  const method = (name: string) =>
    function call(...args: unknown[]): CallRecord {
      return submit(name, args, call)
    }
  if (kind === 'function') return method(functionName)
  const known = Object.fromEntries(methods.map((name) => [name, method(name)]))
  return new Proxy(Object.freeze(known), {
    get(target, property, receiver) {
      if (
        typeof property === 'symbol' ||
        property in target ||
        property in Promise.prototype ||
        property === 'toJSON'
      ) {
        return Reflect.get(target, property, receiver) as unknown
      }
      return method(property)
    },
  })
}
