import { randomInt } from 'node:crypto'
import { createDaemon } from '@sd/core'
import { tasks } from '@sd/tasks'
import { JobBook } from './job-book.ts'
import { report } from './tasks/report.ts'
import { gamble, nap, sum } from './tasks/simple-tasks.ts'

/** Seconds after which it stops by itself, in the middle of its work: `node daemon.ts 5`. Without, it runs on. */
const seconds = Number(process.argv[2] ?? 0)

const book = new JobBook()

const daemon = createDaemon({ name: 'tasks', interval: 250 })
  .use(tasks({ limit: 4 }))
  .setup((daemon) => {
    daemon.log('Ctrl-C stops it: what runs may finish, what waits is given up.')
    if (seconds > 0) setTimeout(() => void daemon.stop(), seconds * 1000).unref()
  })
  .execute(() => {
    // Jobs come as they like: none, or several at once. Nobody waits for them here, so the clock is never late.
    const jobs = [startNap, startSum, startGamble, startReport]
    for (let count = randomInt(4); count > 0; count--) jobs[randomInt(jobs.length)]!()
  })
  .teardown((daemon) => daemon.log(book.summarize()))

daemon.on('task', ({ id, group, status, times }) => {
  const duration =
    times.running === undefined ? 'never ran' : `${Math.round(times[status]! - times.running)} ms`
  daemon.log(`#${id} ${status} (${duration})`, group)
})

function startNap(): void {
  const milliseconds = randomInt(50, 1500)
  book.add(daemon.tasks.run(nap, milliseconds), (result) => (result as number) >= milliseconds - 2)
}

function startSum(): void {
  const upTo = randomInt(1, 10_000_000)
  book.add(daemon.tasks.run(sum, upTo), (result) => result === (upTo * (upTo + 1)) / 2)
}

function startGamble(): void {
  const stake = randomInt(1, 100)
  book.add(daemon.tasks.run(gamble, stake), (result) => stake % 3 !== 0 && result === stake * 2)
}

function startReport(): void {
  const pages = randomInt(2, 20)
  const task = daemon.tasks.run(report, pages)
  let lastPage = 0
  task.on('progress', (value) => {
    lastPage = (value as { page: number }).page
  })
  book.add(task, (result) => lastPage === pages && (result as { pages: number }).pages === pages)
}

export default daemon
await daemon.run()
