export type { Call, CallStatus } from './call/call.ts'
export { defineWorker, type WorkerDefinition } from './definition/define-worker.ts'
export { type CurrentCall, WorkerBase, type WorkerContext } from './definition/worker-context.ts'
export type { CallOf, Client, WorkerShape } from './definition/worker-shape.ts'
export type {
  Engine,
  EngineCall,
  EngineContext,
  EngineFactory,
  EngineTraits,
  Outcome,
} from './engine/engine.ts'
export type { Strategy } from './engine/processes-wanted.ts'
export type { Recycle } from './engine/recycle-limits.ts'
export { type AnyCall, type CallHandler, type PoolOptions, poolDefaults } from './options.ts'
export type { MethodStatistics } from './pool/method-statistics.ts'
export { type PoolMap, workers } from './workers.ts'
export type { WorkerPool, WorkersService } from './workers-service.ts'
