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
  // Behind the methods, not before them: what is known is found without asking the proxy.
  const unknown = new Proxy(Object.prototype, {
    get(target, property, receiver) {
      if (typeof property === 'symbol' || property in target || isOfPromises(property)) {
        return Reflect.get(target, property, receiver) as unknown
      }
      return method(property)
    },
  })
  return Object.freeze(Object.setPrototypeOf(known, unknown))
}

/** What `await` and `JSON.stringify` look for. */
function isOfPromises(property: string): boolean {
  return property in Promise.prototype || property === 'toJSON'
}
