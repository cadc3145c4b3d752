import * as mittModule from 'mitt'

/** The part of mitt that is used, in words of our own: no mitt type leaks out of this file. */
export interface Emitter {
  on(event: string, handler: (payload: unknown) => void): void
  off(event: string, handler: (payload: unknown) => void): void
  emit(event: string, payload: unknown): void
  readonly all: ReadonlyMap<string, readonly unknown[]>
}

/** mitt's typings describe a CommonJS module, so its default export is not callable under `nodenext` (TS2349). */
export const createEmitter = mittModule.default as unknown as () => Emitter
