/** Not run: the compiler proves these. Each `@ts-expect-error` is a line that must not compile. */
import { createDaemon, Daemon } from '@sd/core'
import { type AnyTask, defineTask, type Task, type TaskStatus, tasks } from '@sd/tasks'

const report = defineTask(import.meta.url, async (name: string, pages = 1) => ({ name, size: Number(pages) }))
const context = defineTask(import.meta.url, function (n: number): string {
  this.log(`${n}`)
  this.progress({ done: n })
  const { id, group }: { id: number; group: string } = this.task
  // @ts-expect-error the context has no such member
  this.progres(1)
  return this.signal.aborted || this.daemon('ini') === null ? group : `${id}`
})
const cleaner = defineTask(import.meta.url, {
  group: 'cleaner',
  timeout: 60_000,
  files: [] as string[],
  setup() {
    this.files = ['a']
    this.log('set up')
    // @ts-expect-error neither the context nor the object has such a member
    this.lag('up')
  },
  async start(age: number): Promise<number> {
    this.progress(this.count(age))
    return this.files.length
  },
  count(age: number): number {
    return age
  },
  teardown() {
    this.error('done')
  },
})
const nothing = defineTask(import.meta.url, () => {})

// @ts-expect-error it has no start
defineTask(import.meta.url, { setup() {} })
// @ts-expect-error a group is a text
defineTask(import.meta.url, { group: 5, start() {} })

const daemon = createDaemon({ name: 'typed', interval: 1000 })
  .use(tasks({ limit: 4, spare: 2 }))
  .execute(async (daemon) => {
    const { name, size } = await daemon.tasks.run(report, 'daily', 2)
    const text: string = await daemon.tasks.run(context, 1)
    const task: Task<number, [age: number]> = daemon.tasks.run(cleaner.with({ timeout: 5 }), 7)
    const [age]: [number] = task.args
    const removed: number = await task
    const status: TaskStatus = task.status
    const remove: () => void = task.on('progress', (value: unknown) => daemon.log(String(value)))
    task.on('status', (status: TaskStatus) => daemon.log(status))
    await task.kill()
    const empty = await daemon.tasks.run(nothing)
    const all: AnyTask[] = [...daemon.tasks.list(), task]
    daemon.log(`${name} ${size} ${text} ${age} ${removed} ${status} ${remove} ${empty} ${all.length}`)
    const abort = new AbortController()
    daemon.tasks.run(report.with({ signal: abort.signal, timeout: 0 }), 'daily')

    // @ts-expect-error wrong argument
    daemon.tasks.run(report, 5)
    // @ts-expect-error a missing argument
    daemon.tasks.run(report)
    // @ts-expect-error one argument too many
    daemon.tasks.run(cleaner, 1, 2)
    // @ts-expect-error the result is a number
    const wrong: string = await daemon.tasks.run(cleaner, 1)
    // @ts-expect-error no task
    daemon.tasks.run(() => wrong)
    // @ts-expect-error no such event
    task.on('exit', () => {})
    // @ts-expect-error an unknown option
    report.with({ timout: 1 })
  })

daemon.on('task', (task) => daemon.log(`${task.id} ${task.group} ${task.status}`))

// @ts-expect-error an unknown option
tasks({ limt: 4 })

export class Reporter extends Daemon {
  override name = 'reporter'
  tasks = this.plugin(tasks())

  override async execute(): Promise<void> {
    const { size } = await this.tasks.run(report, 'daily')
    this.log(`${size}`)
  }
}

export default daemon
