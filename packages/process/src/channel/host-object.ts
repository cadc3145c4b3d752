/** What the language itself has: the serializer knows it, or refuses it. */
const LANGUAGE =
  /^\[object (?:Map|Set|Date|RegExp|Error|Boolean|Number|String|BigInt|Symbol|Promise|Arguments|DataView|\w*ArrayBuffer|\w+Array)\]$/

/** Whether objects with a prototype are the platform's. */
const kinds: WeakMap<object, boolean> = new WeakMap()

/**
 * Whether an object is the platform's (a URL, Headers, a Blob, a DOMException, a WebAssembly.Module). V8's serializer writes most
 * of them as `{}` without complaint, because what they hold is not in their properties.
 */
export function isHostObject(value: object): boolean {
  const prototype: object = Object.getPrototypeOf(value)
  if (Array.isArray(value) || isPlain(prototype)) return false
  let kind = kinds.get(prototype)
  if (kind === undefined) {
    kind = inheritsFromPlatform(prototype) || isClonedSpecially(value)
    kinds.set(prototype, kind)
  }
  return kind
}

/**
 * Whether a value holds an object of the platform, however deep.
 *
 * @returns false also where it cannot be read: the serializer says why.
 */
export function holdsHostObject(value: unknown): boolean {
  try {
    return search(value)
  } catch {
    return false
  }
}

function search(value: unknown): boolean {
  const seen = new Set<object>()
  const waiting: object[] = []
  const add = (item: unknown): void => {
    if (typeof item === 'object' && item !== null) waiting.push(item)
  }
  add(value)
  for (let object = waiting.pop(); object !== undefined; object = waiting.pop()) {
    const prototype: unknown = Object.getPrototypeOf(object)
    if (prototype === Date.prototype || ArrayBuffer.isView(object) || seen.has(object)) continue
    seen.add(object)
    if (prototype === Object.prototype)
      for (const key in object) add((object as Record<string, unknown>)[key])
    else if (isHostObject(object)) return true
    else if (object instanceof Map) {
      object.forEach((item, key) => {
        add(key)
        add(item)
      })
    } else if (object instanceof Set) object.forEach(add)
    else for (const item of Object.values(object)) add(item)
  }
  return false
}

/** Whether it is `Object.prototype`, of whichever realm, or none. */
function isPlain(prototype: object | null): boolean {
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Global classes that are written in JavaScript are Node's; those of the language itself are native. */
function inheritsFromPlatform(prototype: object): boolean {
  for (let each: object | null = prototype; each !== null; each = Object.getPrototypeOf(each)) {
    const made: unknown = Object.getOwnPropertyDescriptor(each, 'constructor')?.value
    if (typeof made !== 'function') continue
    const isGlobal = Object.getOwnPropertyDescriptor(globalThis, made.name) !== undefined
    if (isGlobal && (globalThis as Record<string, unknown>)[made.name] === made && !isNative(made))
      return true
  }
  return false
}

function isNative(made: object): boolean {
  return Function.prototype.toString.call(made).endsWith('{ [native code] }')
}

/** Classes of Node's modules know how to be cloned, and only `structuredClone` asks them. */
function isClonedSpecially(value: object): boolean {
  if (LANGUAGE.test(Object.prototype.toString.call(value))) return false
  try {
    return !isPlain(Object.getPrototypeOf(structuredClone(value)))
  } catch {
    // The serializer refuses it, too, or what it holds.
    return false
  }
}
