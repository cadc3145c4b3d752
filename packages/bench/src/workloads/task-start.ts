import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../report/median.ts'
import { codeFile } from '../system/code-file.ts'
import type { Workload } from './workload.ts'

/** How often each process measures. */
const TIMES = 10

/** Milliseconds between two measurements: nothing of the one before may be going on. */
const PAUSE = 100

/** Starts one, and tells when its first line ran, as `process.hrtime` does. */
type StartOne = () => PromiseLike<readonly number[]>

/** A task from nothing. */
export const taskStart: Workload = {
  name: 'task-start',
  title:
    'From asking for a task to the first line of its code, in a daemon that runs: without a spare, and with one that is ready; fork: `child_process.fork`, to the first line of the program',
  metrics: [{ name: 'time', unit: 'ms', better: 'less' }],
  subjects: ['simple-daemon', 'simple-daemon-spare', 'fork'],
  quick: ['simple-daemon', 'simple-daemon-spare', 'fork'],
  repeats: 2,
  measure: async (subject) => {
    if (subject === 'fork') return { time: await measure(forkProgram, async () => {}) }
    return measureTasks(subject === 'simple-daemon-spare' ? 1 : 0)
  },
}

async function measureTasks(spare: number): Promise<{ time: number }> {
  const [{ createDaemon }, { tasks }, { firstLine }, { quietLogger }] = await Promise.all([
    import('@sd/core'),
    import('@sd/tasks'),
    import('../tasks/first-line.ts'),
    import('../programs/quiet-logger.ts'),
  ])
  const daemon = createDaemon({ name: 'bench', signals: false, logger: quietLogger }).use(tasks({ spare }))
  const isReady = (): boolean => {
    const { spares } = daemon.inspect().plugins.tasks as unknown as { spares: { state: string }[] }
    return spares.filter(({ state }) => state === 'ready').length === spare
  }
  void daemon.run()
  const time = await measure(
    () => daemon.tasks.run(firstLine),
    async () => {
      while (!isReady()) await sleep(5)
    },
  )
  await daemon.stop()
  return { time }
}

/** The first one is not counted. */
async function measure(startOne: StartOne, prepare: () => Promise<void>): Promise<number> {
  const times: number[] = []
  for (let time = 0; time <= TIMES; time++) {
    await sleep(PAUSE)
    await prepare()
    const asked = process.hrtime()
    const ran = await startOne()
    times.push(toMilliseconds(ran) - toMilliseconds(asked))
  }
  return median(times.slice(1))!
}

async function forkProgram(): Promise<readonly number[]> {
  const child: ChildProcess = fork(codeFile('programs/first-line'))
  const ended = once(child, 'exit')
  const [ran] = (await once(child, 'message')) as [readonly number[]]
  await ended
  return ran
}

function toMilliseconds([seconds = 0, nanoseconds = 0]: readonly number[]): number {
  return seconds * 1e3 + nanoseconds / 1e6
}
