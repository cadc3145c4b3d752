import type { Adapter } from './adapter.ts'

/** Every pool that is measured: ours, the peers, and the bare controls. */
export const adapters: readonly Adapter[] = [
  {
    name: 'simple-daemon',
    kind: 'ours',
    load: async () => (await import('./simple-daemon.ts')).startSimpleDaemon,
  },
  {
    name: 'piscina',
    kind: 'thread',
    load: async () => (await import('./piscina.ts')).startPiscina,
  },
  {
    name: 'piscina-tuned',
    kind: 'thread',
    load: async () => (await import('./piscina.ts')).startTunedPiscina,
  },
  {
    name: 'tinypool-thread',
    kind: 'thread',
    load: async () => (await import('./tinypool.ts')).startTinypoolThreads,
  },
  {
    name: 'tinypool-process',
    kind: 'process',
    load: async () => (await import('./tinypool.ts')).startTinypoolProcesses,
  },
  {
    name: 'workerpool-thread',
    kind: 'thread',
    load: async () => (await import('./workerpool.ts')).startWorkerpoolThreads,
  },
  {
    name: 'workerpool-process',
    kind: 'process',
    load: async () => (await import('./workerpool.ts')).startWorkerpoolProcesses,
  },
  {
    name: 'poolifier-thread',
    kind: 'thread',
    load: async () => (await import('./poolifier.ts')).startPoolifierThreads,
  },
  {
    name: 'poolifier-cluster',
    kind: 'process',
    load: async () => (await import('./poolifier.ts')).startPoolifierCluster,
  },
  {
    name: 'poolifier-cluster-advanced',
    kind: 'process',
    load: async () => (await import('./poolifier.ts')).startAdvancedPoolifierCluster,
  },
  {
    name: 'jest-worker-thread',
    kind: 'thread',
    load: async () => (await import('./jest-worker.ts')).startJestWorkerThreads,
  },
  {
    name: 'jest-worker-process',
    kind: 'process',
    load: async () => (await import('./jest-worker.ts')).startJestWorkerProcesses,
  },
  {
    name: 'fork-json',
    kind: 'bare',
    load: async () => (await import('./fork.ts')).startJsonForks,
  },
  {
    name: 'fork-advanced',
    kind: 'bare',
    load: async () => (await import('./fork.ts')).startAdvancedForks,
  },
  {
    name: 'socket-json',
    kind: 'bare',
    load: async () => (await import('./socket-pair.ts')).startJsonSocketPairs,
  },
  {
    name: 'socket-v8',
    kind: 'bare',
    load: async () => (await import('./socket-pair.ts')).startV8SocketPairs,
  },
]
