import { readFileSync } from 'node:fs'

/** A process's proportional share of the memory that it has resident, in MiB. Only on Linux. */
export function readPss(pid: number): number {
  return readKibibytes(`/proc/${pid}/smaps_rollup`, /^Pss:\s+(\d+)/m)
}

/** The most memory that a process ever had resident, in MiB. Only on Linux. */
export function readPeakMemory(pid: number): number {
  return readKibibytes(`/proc/${pid}/status`, /^VmHWM:\s+(\d+)/m)
}

function readKibibytes(file: string, pattern: RegExp): number {
  return Number(readFileSync(file, 'utf8').match(pattern)![1]) / 1024
}
