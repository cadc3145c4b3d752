export { type ControlService, control } from './control.ts'
export { type ControlCaller, type ControlMethod, invalidParams, type Params } from './control-method.ts'
export type { ControlOptions } from './options.ts'
