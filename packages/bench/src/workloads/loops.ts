/** Calls `iterate` every `interval` ms until it answers false. */
export type RunLoop = (interval: number, iterate: () => boolean) => Promise<unknown>

/** What can run a loop. */
export const loops: Readonly<Record<string, () => Promise<RunLoop>>> = {
  'simple-daemon': async () => (await import('../programs/run-daemon-loop.ts')).runDaemonLoop,
  setTimeout: async () => runTimeouts,
  setInterval: async () => runIntervals,
}

/** Loads what a loop needs. */
export function loadLoop(name: string): Promise<RunLoop> {
  const load = loops[name]
  if (!load) throw new Error(`There is no loop ${name}.`)
  return load()
}

const runTimeouts: RunLoop = (interval, iterate) =>
  new Promise<void>((resolve) => {
    const onTime = (): void => {
      if (iterate()) setTimeout(onTime, interval)
      else resolve()
    }
    onTime()
  })

const runIntervals: RunLoop = (interval, iterate) =>
  new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (iterate()) return
      clearInterval(timer)
      resolve()
    }, interval)
  })
