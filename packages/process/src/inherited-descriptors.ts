import { closeSync, readdirSync, readFileSync } from 'node:fs'

/** `O_CLOEXEC` in `/proc/self/fdinfo`. */
const CLOSE_ON_EXEC = 0o2000000

/**
 * File descriptors of this process that each process it starts gets, too, without having been given them: a lock or a
 * pipe of the program that started this one. Node keeps those to itself only up to the first unused number from 16 on
 * (libuv, `uv_disable_stdio_inheritance`), and cannot mark the others. macOS hands on nothing by itself.
 */
export function findLeakingDescriptors(): number[] {
  if (process.platform !== 'linux') return []
  try {
    return readdirSync('/proc/self/fd').map(Number).filter(isLeaking)
  } catch {
    return []
  }
}

/**
 * Closes descriptors that the process which started this one leaks. Those that are not there, and numbers that this
 * process uses for something of its own, are left alone.
 */
export function closeLeakedDescriptors(descriptors: readonly number[]): void {
  for (const descriptor of descriptors) if (isLeaking(descriptor)) closeSync(descriptor)
}

/** All that Node opens itself is closed on exec. */
function isLeaking(descriptor: number): boolean {
  if (descriptor <= 2) return false
  try {
    const info = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1')
    const flags = /^flags:\s*([0-7]+)/m.exec(info)?.[1]
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0
  } catch {
    return false
  }
}
