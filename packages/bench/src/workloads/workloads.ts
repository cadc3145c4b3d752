import { burst } from './burst.ts'
import { cold } from './cold.ts'
import { continuousLoop } from './continuous-loop.ts'
import { bufferEcho, objectEcho } from './echo.ts'
import { growth } from './growth.ts'
import { idleCpu } from './idle-cpu.ts'
import { jitter } from './jitter.ts'
import { latency } from './latency.ts'
import { help, launch } from './launch.ts'
import { memory } from './memory.ts'
import { noOp } from './no-op.ts'
import { restart } from './restart.ts'
import { sieve } from './sieve.ts'
import { start } from './start.ts'
import { tail } from './tail.ts'
import { taskStart } from './task-start.ts'
import type { Workload } from './workload.ts'

/** Everything that is measured, in the order of the report. */
export const workloads: readonly Workload[] = [
  noOp(1),
  noOp(2),
  burst,
  latency(false),
  latency(true),
  objectEcho,
  bufferEcho,
  cold,
  memory,
  sieve,
  tail,
  idleCpu,
  restart,
  start,
  launch('js'),
  launch('ts'),
  help,
  taskStart,
  jitter(10),
  jitter(50),
  continuousLoop,
  growth(3),
  growth(4),
  growth(5),
  growth(6),
]
