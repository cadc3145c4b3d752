import { defineWorker, type WorkerDefinition } from '@sd/workers'
import { methodsByName } from './methods-by-name.ts'

/** The methods as a worker of ours. */
export const methodsWorker: WorkerDefinition<typeof methodsByName> = defineWorker(
  import.meta.url,
  methodsByName,
)
