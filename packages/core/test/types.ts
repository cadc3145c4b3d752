/** Checked by the compiler alone: what must compile, and what must not. Nothing here runs. */
import {
  type Awaitable,
  createDaemon,
  Daemon,
  type DaemonBase,
  definePlugin,
  type EventHandle,
  isDaemon,
  type LoopStatistics,
  type StopReport,
} from '@sd/core'

declare module '@sd/core' {
  interface DaemonEvents {
    'order:placed': { readonly id: number }
  }
}

/** Compiles only where both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never
const same = <A, B>(_: Same<A, B>): void => {}

const greeter = (greeting = 'hello') =>
  definePlugin('greeter', (host) => ({
    service: { greet: (who: string): string => `${greeting} ${who} from ${host.name}` },
  }))
const counter = definePlugin('counter', () => ({ service: { count: 0 } }))

export function plugins(): void {
  const daemon = createDaemon({ name: 'typed' })
    .use(greeter())
    .setup(async (self) => {
      self.greeter.greet('world').toUpperCase()
      // @ts-expect-error: a string is asked for
      self.greeter.greet(5)
      // @ts-expect-error: the service has no such method
      self.greeter.shout('world')
      // @ts-expect-error: this plugin comes later in the chain
      self.counter
    })
    .use(counter)
    .execute((self) => {
      same<typeof self.counter.count, number>(true)
      self.greeter.greet(`for the ${self.counter.count}th time`)
      // @ts-expect-error: nobody added such a plugin
      self.workers
    })
    .teardown((self, reason) => {
      same<typeof reason, 'stop' | 'signal' | 'restart' | 'fatal' | 'failed-start'>(true)
      self.counter.count++
    })
  same<typeof daemon.greeter.greet, (who: string) => string>(true)
  // @ts-expect-error: a service cannot be replaced
  daemon.counter = { count: 1 }
  same<ReturnType<typeof daemon.run>, Promise<StopReport>>(true)
  same<ReturnType<typeof daemon.inspect>['loop'], LoopStatistics>(true)
}

export function events(): void {
  const daemon = createDaemon({ name: 'typed' })
  const handle: EventHandle = daemon.on('overrun', ({ iteration, duration, skipped }) => {
    same<[typeof iteration, typeof duration, typeof skipped], [number, number, number]>(true)
  })
  daemon.off(handle)
  handle()
  daemon.on('reap', ({ code, signal }) => {
    same<[typeof code, typeof signal], [number | null, NodeJS.Signals | null]>(true)
  })
  daemon.on('order:placed', ({ id }) => daemon.log(`order ${id.toFixed()}`), {
    throttle: 100,
    when: ({ id }) => id > 0,
    once: true,
    signal: daemon.signal,
  })
  daemon.dispatch('order:placed', { id: 7 })
  // @ts-expect-error: there is no such event
  daemon.on('overun', () => {})
  // @ts-expect-error: there is no such event
  daemon.dispatch('order:lost', { id: 7 })
  // @ts-expect-error: an order has a numeric id
  daemon.dispatch('order:placed', { id: '7' })
  // @ts-expect-error: an order has an id
  daemon.dispatch('order:placed', {})
  // @ts-expect-error: an init has no iteration
  daemon.on('init', ({ iteration }) => iteration)
  // @ts-expect-error: `when` answers yes or no
  daemon.on('idle', () => {}, { when: () => 'yes' })
  // @ts-expect-error: no such way to listen
  daemon.on('idle', () => {}, { debounce: 100 })
}

export function options(): void {
  createDaemon({ name: 'typed', interval: null, logFile: () => 'x.log', logger: console2 })
  // @ts-expect-error: a name is needed
  createDaemon({ interval: 5 })
  // @ts-expect-error: no such option
  createDaemon({ name: 'typed', intervall: 5 })
  // @ts-expect-error: milliseconds, not words
  createDaemon({ name: 'typed', interval: '5s' })
  // @ts-expect-error: a logger has more methods
  createDaemon({ name: 'typed', logger: { info() {} } })
}

const console2 = {
  debug(_facts: object, _message: string) {},
  info(_facts: object, _message: string) {},
  error(_facts: object, _message: string) {},
  fatal(_facts: object, _message: string) {},
}

export class Poller extends Daemon {
  greeter = this.plugin(greeter('good morning'))
  override interval = 3000
  override logFile(): string {
    return 'poller.log'
  }
  override async execute(): Promise<void> {
    same<typeof this.greeter.greet, (who: string) => string>(true)
    // @ts-expect-error: a string is asked for
    this.greeter.greet(1)
  }
}

export class Wrong extends Daemon {
  // @ts-expect-error: milliseconds, not words
  override interval = '3 s'
  // @ts-expect-error: a file name is asked for
  override logFile(): number {
    return 3
  }
}

export function environment(value: unknown): void {
  const daemon = createDaemon({ name: 'typed' })
  same<ReturnType<typeof daemon.get<'startTime'>>, Date | undefined>(true)
  daemon.set('colour', 'blue')
  // @ts-expect-error: a flag of its own is true or false
  daemon.set('verbose', 'yes')
  if (isDaemon(value)) same<ReturnType<typeof value.stop>, Promise<StopReport>>(true)
}

export function pluginDefinitions(): void {
  // @ts-expect-error: a plugin has a service
  definePlugin('empty', () => ({ setup() {} }))
  // @ts-expect-error: what is missing comes as a list
  definePlugin('checker', () => ({ service: 1, checkEnvironment: () => 'disk' }))
  // @ts-expect-error: only JSON can be shown
  definePlugin('secretive', () => ({ service: 1, inspect: () => new Map() }))
  definePlugin('complete', (host) => ({
    service: null,
    checkEnvironment: (): Awaitable<string[]> => [],
    async setup() {
      host.on('order:placed', ({ id }) => host.debug(`order ${id}`))
      // @ts-expect-error: there is no such event
      host.on('order:lost', () => {})
    },
    async drain(deadline) {
      await deadline.passed
    },
    teardown(reason) {
      host.log(reason.toUpperCase())
    },
    inspect: () => ({ open: true, names: ['a'], nothing: null }),
    share: () => [1, 2, 3],
  }))
}

export function logging(): void {
  const daemon = createDaemon({ name: 'typed' })
  const thrown: unknown = new Error('x')
  for (const write of [daemon.log, daemon.debug, daemon.error, daemon.fatalError]) {
    write('text')
    write('text', 'label')
    write('text', undefined)
    write('text', thrown)
    write(thrown)
    write('text', 'label', thrown, 1)
  }
  definePlugin('writer', (host) => {
    host.log('text', thrown)
    host.error('text', 'label', thrown)
    return { service: {} }
  })
}

/** Written before there were more arguments. */
export class Quiet extends Daemon {
  override log(message: string, label?: string): void {
    super.log(message.toUpperCase(), label)
  }
  override error(message: string | Error, label?: string): void {
    super.error(message, label)
  }
}

export function signals(): void {
  createDaemon({ name: 'typed' }).on('signal', ({ signal, number, default: effect, preventDefault }) => {
    same<typeof signal, NodeJS.Signals>(true)
    same<typeof number, number>(true)
    same<typeof effect, 'stop' | 'restart' | 'statistics' | 'wake' | undefined>(true)
    preventDefault()
  })
}

export function ownOptions(): void {
  const daemon = createDaemon({
    name: 'typed',
    options: {
      port: { type: 'number', default: 8080, describe: 'Where it listens' },
      host: { type: 'string' },
      dryRun: { type: 'boolean' },
      level: { type: 'string', choices: ['low', 'high'], required: true },
      tag: { type: 'string', array: true },
      weight: { type: 'number', array: true, choices: [1, 2], default: [1] },
    },
  })
  same<typeof daemon.args.port, number>(true)
  same<typeof daemon.args.host, string | undefined>(true)
  same<typeof daemon.args.dryRun, boolean>(true)
  same<typeof daemon.args.level, 'low' | 'high'>(true)
  same<typeof daemon.args.tag, readonly string[]>(true)
  same<typeof daemon.args.weight, readonly (1 | 2)[]>(true)
  daemon.use(counter).execute((self) => {
    same<typeof self.args.port, number>(true)
    // @ts-expect-error: there is no such option
    self.args.prot
  })
  // @ts-expect-error: values are only read
  daemon.args.port = 80
  // @ts-expect-error: the default is of the option's type
  createDaemon({ name: 'typed', options: { port: { type: 'number', default: 'http' } } })
  // @ts-expect-error: there is no such type
  createDaemon({ name: 'typed', options: { port: { type: 'integer' } } })
  // @ts-expect-error: without options there are none
  createDaemon({ name: 'typed' }).args.port

  class Poller extends Daemon {
    override options = { port: { type: 'number', default: 8080 }, host: { type: 'string' } } as const
    readonly port: number = this.args.port
    override async execute() {
      this.args.port.toFixed()
      const host: string | undefined = this.args.host
      this.log(host ?? 'none')
    }
  }
  same<Poller['args']['port'], number>(true)
  const any: DaemonBase = daemon
  const other: DaemonBase = new Poller()
  any.args
  other.args
}

export function namedPlugins(): void {
  const daemon = createDaemon({ name: 'typed' })
    .use(counter)
    .use(counter, { as: 'second' })
    .use(greeter(), { after: ['counter'] })
  same<typeof daemon.second.count, number>(true)
  same<typeof daemon.counter.count, number>(true)
  daemon.greeter.greet('world')
  // @ts-expect-error: it has another name
  createDaemon({ name: 'typed' }).use(counter, { as: 'other' }).counter
  // @ts-expect-error: there is no such option
  daemon.use(counter, { sa: 'other' })
}
