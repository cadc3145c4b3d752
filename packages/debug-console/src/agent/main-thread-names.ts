/** What the probe of a process is called there. */
export const PROBE = `globalThis[Symbol.for('sd.debugConsole')]`
