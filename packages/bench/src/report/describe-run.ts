import type { Results } from '../results.ts'
import { formatNumber } from './format-number.ts'

/** Where and how a run was made, in one sentence. */
export function describeRun({ machine, rounds, duration }: Results): string {
  const { node, system, cpu, cores, memory, stolen, load, calibration } = machine
  const noise = `${formatNumber(calibration.time)} ms ±${Math.round(calibration.spread * 100)} %`
  const taken =
    stolen === undefined
      ? ''
      : `; ${(stolen * 100).toFixed(1)} % of the processors' time taken by the machine below`
  return (
    `Node ${node}, ${system}, ${cores} cores of ${cpu}, ${memory} GiB; ${rounds} rounds of ${duration} ms, ` +
    `medians, ± half the distance between the best and the worst round; load ${load[0]} before and ${load[1]} ` +
    `after; a fixed loop took ${noise}${taken}.`
  )
}
