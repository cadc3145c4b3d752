import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createDaemon, Daemon, definePlugin, nearestName } from '@sd/core'
import { createSandbox, runFixture, type Sandbox, waitUntil } from '@sd/testing'
import { CollectingLogger } from './collecting-logger.ts'

function create(options: { interval?: number | null } = {}) {
  const logger = new CollectingLogger()
  const daemon = createDaemon({ name: 'x', logger, signals: false, ...options })
  const hints = (): string[] =>
    logger.entries.filter(({ level }) => level === 'error').map(({ message }) => message)
  return { daemon, logger, hints }
}

/** What a class style daemon is told at its start. */
async function hintsOf(Made: new () => Daemon): Promise<string[]> {
  const logger = new CollectingLogger()
  const daemon = new Made()
  daemon.logger = logger
  daemon.signals = false
  daemon.on('started', () => void daemon.stop())
  await daemon.run()
  return logger.entries.filter(({ level }) => level === 'error').map(({ message }) => message)
}

describe('without an interval', () => {
  test('an execute that waits for nothing is told of once, and goes on', async () => {
    const { daemon, hints } = create()
    let count = 0
    daemon.execute(() => {
      if (++count === 3000) void daemon.stop()
    })
    await daemon.run()
    expect(hints()).toEqual([expect.stringContaining('interval')])
  })

  test.each([
    ['that waits', null, () => new Promise((resolve) => setTimeout(resolve, 2))],
    ['of a daemon that has said so', 0, () => {}],
  ])('an execute %s is not', async (_, interval, execute) => {
    const { daemon, hints } = create({ interval })
    let count = 0
    daemon.execute(async () => {
      if (++count === (interval === 0 ? 3000 : 100)) void daemon.stop()
      return execute()
    })
    await daemon.run()
    expect(hints()).toEqual([])
  })
})

describe('an interval that is changed while the daemon runs', () => {
  class Changing extends Daemon {
    override signals = false
    override interval: number | null = 60_000
    override logger = new CollectingLogger()
    readonly change: (daemon: Changing, iteration: number) => void
    count = 0
    constructor(change: (daemon: Changing, iteration: number) => void) {
      super()
      this.change = change
    }
    override execute(): void {
      this.change(this, ++this.count)
      if (this.count === 5) void this.stop()
    }
  }

  test.each([5, 0, null])('to %s holds from the next slot on, in class style', async (interval) => {
    const daemon = new Changing((self) => {
      self.interval = interval
    })
    await daemon.run()
    expect(daemon.count).toBe(5)
  })

  test('holds from the next slot on, composed', async () => {
    const { daemon } = create({ interval: 60_000 })
    let count = 0
    daemon.execute((self) => {
      self.interval = 5
      if (++count === 5) void self.stop()
    })
    await daemon.run()
    expect(daemon.interval).toBe(5)
    expect(() => {
      daemon.interval = -1
    }).toThrow(expect.objectContaining({ code: 'SD_CORE_OPTIONS', option: 'interval' }))
  })

  test('to what is none is told of, and the last one holds', async () => {
    const daemon = new Changing((self, iteration) => {
      self.interval = iteration === 2 ? Number.NaN : iteration === 1 ? 5 : self.interval
    })
    await daemon.run()
    expect(daemon.count).toBe(5)
    expect(daemon.logger.find(/"interval" must be/)).toHaveLength(1)
  })
})

test('a plugin that was not called is named', () => {
  const { daemon } = create()
  function counter() {}
  expect(() => daemon.use(counter as never)).toThrow(
    expect.objectContaining({ code: 'SD_CORE_PLUGIN', message: expect.stringContaining('use(counter())') }),
  )
})

describe('a second', () => {
  test.each(['checkEnvironment', 'setup', 'execute', 'teardown'] as const)('%s() is refused', (hook) => {
    const { daemon } = create()
    daemon[hook](() => [] as never)
    expect(() => daemon[hook](() => [] as never)).toThrow(
      expect.objectContaining({ code: 'SD_CORE_OPTIONS', option: hook }),
    )
  })

  test('plugin of one name is refused in both styles', () => {
    const plugin = definePlugin('twin', () => ({ service: {} }))
    const { daemon } = create()
    daemon.use(plugin)
    expect(() => daemon.use(plugin)).toThrow(expect.objectContaining({ code: 'SD_CORE_PLUGIN_NAME' }))
    class Twins extends Daemon {
      a = this.plugin(plugin)
      b = this.plugin(plugin)
    }
    expect(() => new Twins()).toThrow(expect.objectContaining({ code: 'SD_CORE_PLUGIN_NAME' }))
  })
})

describe('a member that is misspelt', () => {
  test('is told of, with the one that is meant', async () => {
    class Typing extends Daemon {
      intervall = 100
      excute(): void {}
      tearDown(): void {}
    }
    const hints = await hintsOf(Typing)
    expect(hints).toHaveLength(3)
    for (const meant of ['"interval"', '"execute"', '"teardown"']) {
      expect(hints).toContainEqual(expect.stringContaining(meant))
    }
  })

  test('is not taken for one where there is the other one, too', async () => {
    class Sound extends Daemon {
      override interval: number | null = 60_000
      executor = 'a tool'
      _excute = 1
      intervals = [1]
      settings = {}
      override execute(): void {}
      poll(): void {}
    }
    expect(await hintsOf(Sound)).toEqual([])
  })
})

describe('a hook of a plugin that is misspelt', () => {
  test('is told of at the start', async () => {
    const { daemon, hints } = create()
    const plugin = definePlugin('fine', () => ({ service: {}, setpu() {}, tearDown() {}, inspect: () => 1 }))
    daemon.use(plugin)
    daemon.on('started', () => void daemon.stop())
    await daemon.run()
    expect(hints()).toEqual([expect.stringContaining('"setup"'), expect.stringContaining('"teardown"')])
  })

  test('is named where it is the service', () => {
    const { daemon } = create()
    const plugin = definePlugin('fine', () => ({ servcie: {} }) as never)
    expect(() => daemon.use(plugin)).toThrow(/Did you mean "service"/)
  })
})

describe('options given to the constructor of a class', () => {
  test('are refused', () => {
    const Base = Daemon as unknown as new (options: object) => Daemon
    class Configured extends Base {
      constructor() {
        super({ interval: 100 })
      }
    }
    expect(() => new Configured()).toThrow(expect.objectContaining({ code: 'SD_CORE_OPTIONS' }))
  })
})

describe('a stop that execute waits for', () => {
  test('is followed by no word of slots that were skipped', async () => {
    const { daemon, hints } = create({ interval: 1 })
    daemon.execute(async () => {
      void daemon.stop()
      await new Promise((resolve) => setTimeout(resolve, 20))
    })
    await daemon.run()
    expect(hints()).toEqual([])
  })
})

test('of two names as near, the one with the same ending is meant', () => {
  expect(nearestName('staus', ['stats', 'status', 'start'])).toBe('status')
})

describe('of events', () => {
  test('a name that is nearly one of the daemon is told of once, and a name of the program is not', async () => {
    const { daemon, hints } = create()
    for (const event of ['erorr', 'erorr', 'order:placed', 'read', 'task', 'error']) {
      daemon.on(event as 'error', () => {})
    }
    daemon.on('started', () => void daemon.stop())
    await daemon.run()
    expect(hints()).toEqual([expect.stringContaining('Did you mean "error"')])
  })

  test('dispatch with what is no name is told of', () => {
    const { daemon, hints } = create()
    const handle = daemon.on('idle', () => {})
    daemon.dispatch(handle as never, { available: 1 } as never)
    expect(hints()).toEqual([expect.stringContaining('dispatch()')])
  })

  test('off with what on() has not returned is refused, and calls nothing', () => {
    const { daemon } = create()
    let calls = 0
    const handler = (): void => void calls++
    daemon.on('idle', handler)
    for (const wrong of [handler, 'idle', undefined, {}]) {
      expect(() => daemon.off(wrong as never)).toThrow(expect.objectContaining({ code: 'SD_CORE_LISTENER' }))
    }
    expect(calls).toBe(0)
  })
})

describe('a program without run()', () => {
  let sandbox: Sandbox
  beforeEach(() => {
    sandbox = createSandbox()
  })
  afterEach(() => sandbox.assertNothingLeft())

  test.each([
    ['says so when it ends', '', 1],
    ['that has it does not', 'run', 0],
  ])('%s', async (_, word, times) => {
    const program = runFixture(new URL('./fixtures/unstarted.ts', import.meta.url), {
      args: [word],
      env: sandbox.env,
    })
    expect(await program.exit).toEqual({ code: 0, signal: null })
    await waitUntil(() => program.lines.filter((line) => /"sleeper".*run\(\)/.test(line)).length === times)
  })
})
