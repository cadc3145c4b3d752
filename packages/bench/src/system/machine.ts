import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import { median, spread } from '../report/median.ts'

/** What the numbers depend on. */
export interface Machine {
  readonly node: string
  readonly system: string
  readonly cpu: string
  readonly cores: number
  /** GiB. */
  readonly memory: number
  /** The system's load over the last minute, when the run began and when it ended. */
  readonly load: readonly [before: number, after: number]
  /** The share of the processors' time that the machine below took away, where it says so. */
  readonly stolen: number | undefined
  /** A fixed piece of work that needs nothing but a core: milliseconds, and how far its times lie apart. */
  readonly calibration: { readonly time: number; readonly spread: number }
}

/** Watches the machine while the benchmark runs. */
export class MachineWatch {
  readonly #loadBefore = readLoad()
  readonly #ticksBefore = readTicks()
  readonly #calibrations: number[] = []
  /** What the work came to: somebody has to want it. */
  #state = 1

  /** Does the fixed piece of work. To be called now and then, while nothing is measured. */
  calibrate(): void {
    const start = performance.now()
    let state = this.#state
    for (let n = 0; n < 40_000_000; n++) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    this.#state = state
    this.#calibrations.push(performance.now() - start)
  }

  describe(): Machine {
    return {
      node: process.versions.node,
      system: `${type()} ${release()}`,
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      memory: Math.round(totalmem() / 2 ** 30),
      stolen: this.#stolen(),
      load: [this.#loadBefore, readLoad()],
      calibration: { time: median(this.#calibrations), spread: spread(this.#calibrations) },
    }
  }

  #stolen(): number | undefined {
    const [before, after] = [this.#ticksBefore, readTicks()]
    return before && after && (after.stolen - before.stolen) / (after.all - before.all)
  }
}

/** Time of all processors since the system began, by the system's own unit. */
function readTicks(): { all: number; stolen: number } | undefined {
  try {
    const [line] = readFileSync('/proc/stat', 'utf8').split('\n')
    const ticks = line!.split(/\s+/).slice(1, 9).map(Number)
    return { all: ticks.reduce((sum, time) => sum + time, 0), stolen: ticks[7]! }
  } catch {
    return undefined
  }
}

function readLoad(): number {
  return Number(loadavg()[0]!.toFixed(2))
}
