export { defineWorker, type WorkerDefinition } from './definition/define-worker.ts'
export { type CurrentCall, WorkerBase, type WorkerContext } from './definition/worker-context.ts'
