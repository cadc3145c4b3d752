const LIFECYCLE: ReadonlySet<string> = new Set(['constructor', 'setup', 'teardown', 'checkEnvironment'])

/** The names of the methods that can be called on an object, inherited ones included. Getters are not run. */
export function listMethods(target: object): string[] {
  const names = new Set<string>()
  for (
    let level: object | null = target;
    level && level !== Object.prototype && level !== Function.prototype;
    level = Object.getPrototypeOf(level) as object | null
  ) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (typeof property.value === 'function' && !LIFECYCLE.has(name)) names.add(name)
    }
  }
  return [...names]
}
