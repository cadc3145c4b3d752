import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { control, invalidParams } from '@sd/control'
import { connectControl, listDaemons } from '@sd/control/client'
import { createDaemon, type Json, SdError } from '@sd/core'
import { waitUntil } from '@sd/testing'
import { controlDaemons } from './control-daemons.ts'

const { dir, start, connect } = controlDaemons()

const request = (method: string, params?: Json, id: number | string = 1): object => ({
  ...{ jsonrpc: '2.0', method, id },
  ...(params !== undefined && { params }),
})
const result = (value: unknown, id: number | string = 1): object => ({ jsonrpc: '2.0', result: value, id })
const error = (
  code: number,
  message: unknown = expect.any(String),
  id: unknown = 1,
  data?: object,
): object => ({
  jsonrpc: '2.0',
  error: { code, message, ...(data && { data: expect.objectContaining(data) }) },
  id,
})

describe('the socket', () => {
  test('is in the run directory, for its user only', async () => {
    const daemon = await start()
    expect(daemon.control.path).toBe(join(dir(), 'poller.sock'))
    expect(statSync(daemon.control.path!).mode & 0o777).toBe(0o600)
    expect(statSync(dir()).mode & 0o777).toBe(0o700)
  })

  test('can be somewhere else', async () => {
    const daemon = await start({ path: join(dir(), 'here') })
    expect(daemon.control.path).toBe(join(dir(), 'here'))
    const client = await connectControl(join(dir(), 'here'))
    expect(client.daemon).toMatchObject({ name: 'poller', pid: process.pid, protocol: 1 })
    await client.close()
  })

  test('of a second daemon of that name has its pid', async () => {
    await start()
    const second = await start()
    expect(second.control.path).toBe(join(dir(), `poller.${process.pid}.sock`))
    await expect(connectControl('poller')).rejects.toMatchObject({ code: 'SD_CONTROL_AMBIGUOUS' })
    expect(await listDaemons()).toHaveLength(2)
  })

  test('whose path is too long is told of before anything starts', async () => {
    const daemon = createDaemon({ name: 'x', signals: false, logger: quiet }).use(
      control({ path: join(dir(), 'x'.repeat(200)) }),
    )
    await expect(daemon.run()).rejects.toMatchObject({ code: 'SD_CORE_ENVIRONMENT' })
  })
})

const quiet = { debug() {}, info() {}, error() {}, fatal() {} }

describe('JSON-RPC', () => {
  test('answers a request with its id, also half a line at a time', async () => {
    const daemon = await start()
    daemon.control.method('sum', ({ a, b }) => Number(a) + Number(b))
    const client = await connect()
    expect(await client.ask(request('sum', { a: 1, b: 2 }, 'x'))).toEqual(result(3, 'x'))
    const text = `${JSON.stringify(request('sum', { a: 3, b: 4 }, 7))}\n`
    for (const character of text) client.send(character)
    expect((await client.until(2))[1]).toEqual(result(7, 7))
  })

  test('does not answer a notification, not even one that fails', async () => {
    const daemon = await start()
    let told = 0
    daemon.control.method('tell', () => {
      told++
      throw new Error('no')
    })
    const client = await connect()
    client.send('{"jsonrpc":"2.0","method":"tell"}\n{"jsonrpc":"2.0","method":"unknown"}\n')
    expect(await client.ask(request('version'))).toMatchObject({ id: 1 })
    expect(told).toBe(1)
  })

  test('answers a batch at once, without its notifications', async () => {
    const daemon = await start()
    daemon.control.method('echo', (params) => params as Json)
    const client = await connect()
    const batch = [
      request('echo', { a: 1 }, 1),
      { jsonrpc: '2.0', method: 'echo' },
      1,
      request('none', {}, 2),
    ]
    expect(await client.ask(batch)).toEqual([
      result({ a: 1 }, 1),
      error(-32600, expect.any(String), null),
      error(-32601, expect.stringMatching(/"none"/), 2, { method: 'none' }),
    ])
    const notifications = [{ jsonrpc: '2.0', method: 'echo' }]
    client.send(`${JSON.stringify(notifications)}\n`)
    expect(await client.ask(request('echo', [], 9))).toEqual(result({}, 9))
  })

  test.each([
    ['no JSON', '{', error(-32700, expect.any(String), null)],
    ['no request', '{}', error(-32600, expect.any(String), null)],
    [
      'an unknown method',
      request('statsu'),
      error(-32601, 'Method not found: "statsu". Did you mean "status"?', 1, {
        code: 'SD_CONTROL_UNKNOWN_METHOD',
      }),
    ],
    [
      'a method that no plugin offers',
      request('console'),
      error(-32601, expect.stringMatching(/No plugin of this daemon offers a console/), 1, {
        method: 'console',
      }),
    ],
    [
      'positional parameters',
      request('logs', [5]),
      error(-32602, expect.stringMatching(/named/), 1, { code: 'SD_CONTROL_PARAMS' }),
    ],
    [
      'an unknown parameter',
      request('logs', { line: 5 }),
      error(-32602, expect.stringMatching(/"line".*"lines"/), 1, {}),
    ],
    [
      'a wrong parameter',
      request('logs', { lines: 'all' }),
      error(-32602, expect.stringMatching(/"lines" must be a whole number/), 1, {}),
    ],
    [
      'an unknown signal',
      request('signal', { signal: 'USR3' }),
      error(-32602, expect.stringMatching(/SIGUSR/), 1, {}),
    ],
    ['no signal', request('signal'), error(-32602, expect.stringMatching(/missing/), 1, {})],
    [
      'a protocol of the future',
      request('version', { protocol: 2 }),
      error(-32602, expect.stringMatching(/version 1/), 1, {}),
    ],
    [
      'a restart in a plain shell',
      request('restart'),
      error(-32000, expect.stringMatching(/plain shell/), 1, { code: 'SD_CORE_RESTART' }),
    ],
  ])('%s is refused as the specification says', async (_, line, expected) => {
    await start()
    const client = await connect()
    expect(await client.ask(line)).toEqual(expected)
    expect(await client.ask(request('version', {}, 2))).toMatchObject({ id: 2, result: { protocol: 1 } })
  })

  test('tells of what a method throws, and of what it returns that is no JSON', async () => {
    const daemon = await start()
    daemon.control.method('fail', () => Promise.reject(new SdError('SD_X_Y', 'no', { fact: 1 })))
    daemon.control.method('wrong', () => {
      throw invalidParams('"a" is missing.')
    })
    daemon.control.method('big', () => ({ value: 1n }) as never)
    const client = await connect()
    expect(await client.ask(request('fail'))).toEqual(error(-32000, 'no', 1, { code: 'SD_X_Y', fact: 1 }))
    expect(await client.ask(request('wrong'))).toEqual(
      error(-32602, 'Invalid params: "a" is missing.', 1, {}),
    )
    expect(await client.ask(request('big'))).toEqual(error(-32603, expect.stringMatching(/BigInt/)))
  })
})

describe('clients', () => {
  test('may be several, and one that breaks off disturbs nobody', async () => {
    const daemon = await start()
    const aborted: boolean[] = []
    daemon.control.method(
      'wait',
      (_, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            aborted.push(true)
            resolve(null)
          })
        }),
    )
    const clients = await Promise.all(Array.from({ length: 10 }, () => connect()))
    for (const client of clients) client.send(`${JSON.stringify(request('wait'))}\n`)
    for (const client of clients) expect(await client.ask(request('version', {}, 2))).toMatchObject({ id: 2 })
    for (const client of clients) client.socket.destroy()
    await waitUntil(() => aborted.length === 10)
    await waitUntil(() => JSON.stringify(daemon.inspect().plugins.control).includes('"clients":0'))
  })

  test('that are too many are told so', async () => {
    await start({ maxClients: 1 })
    const first = await connect()
    await first.ask(request('version'))
    const second = await connect()
    await second.closed
    expect(second.messages).toEqual([
      error(-32000, expect.stringMatching(/1 clients/), null, { code: 'SD_CONTROL_BUSY' }),
    ])
    await expect(connectControl('poller')).rejects.toMatchObject({
      code: expect.stringMatching(/SD_CONTROL_(BUSY|GONE)|SD_CONTROL_NOT_RUNNING/),
    })
    first.socket.destroy()
    await first.closed
    await waitUntil(() =>
      connectControl('poller').then(
        (client) => client.close().then(() => true),
        () => false,
      ),
    )
  })

  test('that send a line without end are cut off', async () => {
    await start({ maxInput: 1000 })
    const client = await connect()
    client.send('x'.repeat(5000))
    await client.closed
    expect(client.messages).toEqual([error(-32600, expect.stringMatching(/1000 bytes/), null)])
  })

  test('that only write still get their answers', async () => {
    const daemon = await start()
    daemon.control.method('later', () => new Promise((resolve) => setTimeout(() => resolve('done'), 50)))
    const client = await connect()
    client.socket.end(`${JSON.stringify(request('later'))}\n${JSON.stringify(request('version', {}, 2))}\n`)
    await client.closed
    expect(client.messages).toHaveLength(2)
  })

  test('that do not read are not read any more, and cost a bounded amount of memory', async () => {
    const daemon = await start({ maxOutput: 64 * 1024 })
    let asked = 0
    daemon.control.method('much', () => {
      asked++
      return 'x'.repeat(10_000)
    })
    const client = await connect()
    client.socket.pause()
    const lines = `${JSON.stringify(request('much'))}\n`.repeat(2000)
    client.send(lines)
    await waitUntil(() => asked > 0)
    const stable = async (): Promise<boolean> => {
      const before = asked
      await new Promise((resolve) => setTimeout(resolve, 100))
      return asked === before
    }
    await waitUntil(stable)
    expect(asked).toBeLessThan(500)
    client.socket.resume()
    await client.until(2000)
  })

  test('that ask in a batch for more than there is room for get part of it, and are told of the rest', async () => {
    const daemon = await start({ maxOutput: 64 * 1024 })
    let asked = 0
    daemon.control.method('much', () => {
      asked++
      return 'x'.repeat(20_000)
    })
    const client = await connect()
    const batch = Array.from({ length: 10 }, (_, id) => request('much', {}, id))
    const answers = (await client.ask(batch)) as { id: number; error?: object }[]
    expect(answers.map(({ id }) => id)).toEqual(batch.map((_, id) => id))
    expect(answers.filter((answer) => !answer.error)).toHaveLength(3)
    expect(answers[9]).toEqual(
      error(-32000, expect.stringMatching(/was carried out, .* not in a batch/), 9, {
        code: 'SD_CONTROL_BATCH',
        maxLength: 64 * 1024,
      }),
    )
    expect(asked).toBe(10)
  })

  test('that send many requests at once do not get all answers into memory at once', async () => {
    const daemon = await start({ maxOutput: 64 * 1024 })
    let asked = 0
    daemon.control.method('much', () => {
      asked++
      return 'x'.repeat(1_000_000)
    })
    const client = await connect()
    client.socket.pause()
    client.send(`${JSON.stringify(request('much'))}\n`.repeat(50))
    const control = await connectControl('poller')
    await waitUntil(() => asked > 0)
    await control.call('version')
    expect(asked).toBeLessThan(5)
    await control.close()
    client.socket.resume()
    await client.until(50)
  })
})

describe('methods', () => {
  test('can be added and removed', async () => {
    const daemon = await start()
    const remove = daemon.control.method('console', () => 'here')
    const client = await connect()
    expect(await client.ask(request('console'))).toEqual(result('here'))
    expect(daemon.control.methods).toContain('console')
    remove()
    expect(await client.ask(request('console'))).toMatchObject({ error: { code: -32601 } })
    const refused = (name: string) => () => daemon.control.method(name, () => null)
    expect(refused('status')).toThrow(/there is a method "status" already/)
    expect(refused('rpc.x')).toThrow(/kept by JSON-RPC/)
    expect(refused('a b')).toThrow(/no method name/)
    expect(() => daemon.control.method('x', 1 as never)).toThrow(/must be a function/)
  })

  test('status tells who the daemon is and how it is', async () => {
    const daemon = await start()
    daemon.log('one')
    daemon.log('two')
    daemon.dispatch('fork', { pid: process.pid, group: 'primes', index: 2 })
    const client = await connectControl('poller')
    const status = await client.call('status', { lines: 1 })
    expect(status).toMatchObject({
      ...{ protocol: 1, name: 'poller', pid: process.pid, state: 'running', restarts: 0, canRestart: false },
      ...{
        node: process.version,
        loop: { iterations: 0, busy: 0 },
        log: [{ message: 'two', label: 'poller' }],
      },
      packages: { '@sd/core': expect.stringMatching(/^\d/), '@sd/control': expect.stringMatching(/^\d/) },
      processes: { pid: process.pid, role: 'daemon', children: [{ pid: process.pid, role: 'primes #2' }] },
      plugins: { control: { clients: 1 } },
    })
    daemon.dispatch('reap', { pid: process.pid, group: 'primes', index: 2, code: 0, signal: null })
    expect(await client.call('status')).toMatchObject({ processes: { children: [] } })
    expect(await client.call('stats')).toMatchObject({ name: 'poller', uptime: expect.any(Number) })
    expect(await client.call('calls')).toEqual({ pools: [], calls: [] })
    await client.close()
  })

  test('logs follows the log until told to end', async () => {
    const daemon = await start()
    daemon.log('before')
    const client = await connectControl('poller')
    const followed: string[] = []
    client.on('logs', ({ records }) => {
      followed.push(...(records as { message: string }[]).map(({ message }) => message))
    })
    const { records, subscription } = (await client.call('logs', { lines: 1, follow: true })) as {
      records: Json
      subscription: number
    }
    expect(records).toMatchObject([{ message: 'before', level: 'info', pid: process.pid }])
    daemon.log('first')
    daemon.log('second')
    await waitUntil(() => followed.length === 2)
    expect(await client.call('unfollow', { subscription })).toEqual({ ended: true })
    expect(await client.call('unfollow', { subscription })).toEqual({ ended: false })
    daemon.log('third')
    await client.call('version')
    expect(followed).toEqual(['first', 'second'])
    await client.close()
  })

  test('logs drops what a client does not read, and says how much', async () => {
    const daemon = await start({ maxOutput: 32 * 1024, logRecords: 10 })
    const client = await connect()
    await client.ask(request('logs', { follow: true }))
    client.socket.pause()
    let written = 0
    for (let turn = 0; turn < 100; turn++) {
      for (let n = 0; n < 20; n++) daemon.log(`${written++} ${'x'.repeat(1000)}`)
      await new Promise((resolve) => setImmediate(resolve))
    }
    client.socket.resume()
    const count = (): { got: number; dropped: number } => {
      const all = client.messages.slice(1) as { params: { records: Json[]; dropped?: number } }[]
      return {
        got: all.reduce((sum, { params }) => sum + params.records.length, 0),
        dropped: all.reduce((sum, { params }) => sum + (params.dropped ?? 0), 0),
      }
    }
    await waitUntil(() => count().got + count().dropped === written, undefined, 15_000)
    expect(count().dropped).toBeGreaterThan(0)
  })

  test('logs brings the last words of a daemon that stops', async () => {
    const daemon = await start({}, 'poller', (daemon) => daemon.log('that was it'))
    const client = await connect()
    await client.ask(request('logs', { follow: true }))
    await daemon.stop()
    await client.closed
    const told = client.messages.slice(1) as { params: { records: { message: string }[] } }[]
    expect(told.flatMap(({ params }) => params.records.map(({ message }) => message))).toContain(
      'that was it',
    )
  })

  test('logs brings what is logged in one turn in pieces', async () => {
    const daemon = await start({ maxOutput: 32 * 1024 })
    const client = await connect()
    await client.ask(request('logs', { follow: true }))
    const logged = 3000
    for (let n = 0; n < logged; n++) daemon.log(`${n} ${'x'.repeat(100)}`)
    const pieces = (): { records: Json[]; dropped?: number }[] =>
      client.messages
        .slice(1)
        .map((message) => (message as { params: { records: Json[]; dropped?: number } }).params)
    const told = (): number =>
      pieces().reduce((sum, { records, dropped = 0 }) => sum + records.length + dropped, 0)
    await waitUntil(() => told() === logged)
    expect(Math.max(...pieces().map(({ records }) => records.length))).toBeLessThanOrEqual(500)
  })

  test('stop stops the daemon, after the answer', async () => {
    const daemon = await start()
    const client = await connectControl('poller')
    expect(await client.call('stop')).toEqual({ pid: process.pid, state: 'draining' })
    await client.closed
    expect(await daemon.stop()).toMatchObject({ reason: 'signal', exitCode: 0 })
    await expect(client.call('status')).rejects.toMatchObject({ code: 'SD_CONTROL_GONE' })
    expect(await listDaemons()).toEqual([])
  })
})

describe('a daemon that is stopping', () => {
  /** Starts one whose teardown ends when `open` is called, and tells it to stop. */
  async function startStopping() {
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const daemon = await start({}, 'poller', () => gate)
    const client = await connectControl('poller')
    await client.call('stop')
    await waitUntil(() => daemon.state === 'stopping', 'its teardown has begun')
    return { daemon, client, open }
  }

  test('is not hurried by who also wants it to stop', async () => {
    const { daemon, client, open } = await startStopping()
    expect(await client.call('stop')).toEqual({ pid: process.pid, state: 'stopping' })
    open()
    expect(await daemon.stop()).toMatchObject({ unfinished: [], exitCode: 0 })
  })

  test('stops at once for who says so', async () => {
    const { daemon, client } = await startStopping()
    await client.call('stop', { hurry: true })
    expect(await daemon.stop()).toMatchObject({ unfinished: [{ who: 'daemon.teardown' }] })
  })
})

describe('the client', () => {
  test('says when nobody is there', async () => {
    await expect(connectControl('nobody')).rejects.toMatchObject({
      code: 'SD_CONTROL_NOT_RUNNING',
      daemon: 'nobody',
    })
    await expect(connectControl(join(dir(), 'nobody.sock'))).rejects.toMatchObject({
      code: 'SD_CONTROL_NOT_RUNNING',
    })
    await expect(connectControl('x', { timeuot: 1 } as never)).rejects.toMatchObject({
      code: 'SD_CONTROL_OPTIONS',
    })
  })

  test('does not wait for ever', async () => {
    const daemon = await start()
    daemon.control.method('wait', () => new Promise<null>(() => {}))
    const client = await connectControl('poller', { timeout: 2000 })
    await expect(client.call('wait', {}, { timeout: 20 })).rejects.toMatchObject({
      code: 'SD_CONTROL_TIMEOUT',
    })
    await expect(client.call('wait', {}, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    )
    const waiting = client.call('wait', {}, { timeout: 0 })
    void client.close()
    await expect(waiting).rejects.toMatchObject({ code: 'SD_CONTROL_GONE' })
  })

  test('waits longer than a timer of Node can, and lists so, too', async () => {
    const daemon = await start()
    daemon.control.method('wait', () => new Promise<null>(() => {}))
    const timeout = 2 ** 31 + 5000
    const client = await connectControl('poller', { timeout })
    const waiting = client.call('wait')
    // A timer that overflows fires after 1 ms, and would have given the first call up.
    await expect(client.call('wait', {}, { timeout: 20 })).rejects.toMatchObject({
      code: 'SD_CONTROL_TIMEOUT',
    })
    expect(await listDaemons({ timeout })).toMatchObject([{ name: 'poller', state: 'alive' }])
    void client.close()
    await expect(waiting).rejects.toMatchObject({ code: 'SD_CONTROL_GONE' })
  })

  test('has the code and the facts of what the daemon refuses', async () => {
    await start()
    const client = await connectControl('poller')
    await expect(client.call('restart')).rejects.toMatchObject({
      ...{ code: 'SD_CORE_RESTART', rpcCode: -32000 },
      reason: 'restart over the control socket',
    })
    await client.close()
  })
})

test.each([
  [{ logRecords: -1 }, /"logRecords" must be a whole number/],
  [{ maxInput: 10 }, /"maxInput"/],
  [{ socket: 'x' }, /unknown option "socket"/],
])('options %j are refused', (options, message) => {
  expect(() => control(options as never)).toThrow(message)
})
