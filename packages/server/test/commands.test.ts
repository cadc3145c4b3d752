import { once } from 'node:events'
import { describe, expect, test } from '@jest/globals'
import type { Client } from '@sd/server'
import { waitUntil } from '@sd/testing'
import { testServers } from './test-servers.ts'

const { start } = testServers()

describe('commands', () => {
  test('answer what matches, with the match', async () => {
    const store = new Map<string, string>()
    const { connect } = await start({}, (server) => {
      server.command(/^set (\w+) (.*)$/, (_, [, key, value]) => {
        store.set(key!, value!)
        return 'stored'
      })
      server.command(/^get (?<key>\w+)$/, (_, { groups }) => store.get(groups!.key!) ?? 'none')
    })
    const client = connect()
    expect(await client.ask('set a grüße 👋')).toBe('stored')
    expect(await client.ask('get a')).toBe('grüße 👋')
    expect(await client.ask('get b')).toBe('none')
  })

  test('all that match run, in order, until one is exclusive', async () => {
    const { connect, server } = await start({ onMessage: () => 'nothing matched' }, (server) => {
      server.command(/a/, () => 'first')
      server.command(/b/, async () => 'second')
      server.command(/ab/, () => 'third', { exclusive: true })
      server.command(/./, () => 'last')
    })
    const client = connect()
    client.write('xaby\nab\nz\n\n')
    const lines = []
    for (let index = 0; index < 8; index++) lines.push(await client.line())
    expect(lines).toEqual(['first', 'second', 'third', 'first', 'second', 'third', 'last', 'nothing matched'])
    const remove = server.command(/^z/, () => 'new')
    client.write('z\n')
    expect([await client.line(), await client.line()]).toEqual(['last', 'new'])
    remove()
    expect(await client.ask('z')).toBe('last')
  })

  test('an expression with the flags g or y matches each time anew', async () => {
    const { connect } = await start({}, (server) => {
      server.command(/ping/g, () => 'pong')
      server.command(/ding/y, () => 'dong')
    })
    const client = connect()
    for (let index = 0; index < 3; index++) {
      expect(await client.ask('ping')).toBe('pong')
      expect(await client.ask('ding')).toBe('dong')
    }
  })

  test('of one client run one after the other, those of two at the same time', async () => {
    const running = new Set<number>()
    let most = 0
    const open = Promise.withResolvers<void>()
    const { connect } = await start({}, (server) => {
      server.command(/.*/, async (client, [text]) => {
        expect(running.has(client.id)).toBe(false)
        running.add(client.id)
        most = Math.max(most, running.size)
        await open.promise
        await new Promise((resolve) => setImmediate(resolve))
        running.delete(client.id)
        return text
      })
    })
    const clients = [connect(), connect(), connect()]
    for (const client of clients) client.write('1\n2\n3\n4\n')
    await waitUntil(() => running.size === 3, 'all clients are served')
    open.resolve()
    for (const client of clients) {
      for (const expected of ['1', '2', '3', '4']) expect(await client.line()).toBe(expected)
    }
    expect(most).toBe(3)
  })

  test('with concurrency, run together and are answered in order', async () => {
    let running = 0
    let most = 0
    const { connect } = await start({ concurrency: 4 }, (server) => {
      server.command(/^(\d+)$/, async (_, match) => {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 10))
        running--
        return `${match[1]}!`
      })
      server.command(/^now (\d+)$/, (_, match) => `${match[1]}!`)
    })
    const client = connect()
    const numbers = Array.from({ length: 100 }, (_, index) => index)
    client.write(numbers.map((number) => (number % 5 ? `${number}\n` : `now ${number}\n`)).join(''))
    for (const number of numbers) expect(await client.line()).toBe(`${number}!`)
    expect(most).toBe(4)
  })

  test('of a client that sends thousands at once do not hold up the others', async () => {
    let runs = 0
    const { connect, server } = await start({}, (server) => {
      server.command(/^many$/, () => void runs++)
      server.command(/^runs$/, () => `${runs}`)
    })
    const [greedy, other] = [connect(), connect()]
    expect(await other.ask('runs')).toBe('0')
    server.command(/^go$/, () => other.write('runs\n'))
    greedy.write(`go\n${'many\n'.repeat(10_000)}`)
    expect(Number(await other.line())).toBeLessThan(5000)
    await waitUntil(() => runs === 10_000)
  })

  test('wait until the daemon has set itself up', async () => {
    const held = Promise.withResolvers<void>()
    const connected = Promise.withResolvers<void>()
    const starting = start({ listen: { port: 0 }, onConnect: () => 'welcome' }, async (server) => {
      const { connect } = await import('node:net')
      const early = connect(server.port!, '127.0.0.1')
      early.write('ping\n')
      await once(early, 'connect')
      early.setEncoding('utf8')
      early.on('data', (text) => {
        if (String(text).includes('pong')) held.resolve()
      })
      connected.resolve()
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(early.bytesRead).toBe(0)
      server.command(/^ping$/, () => {
        early.end()
        return 'pong'
      })
    })
    await connected.promise
    await starting
    await held.promise
  })

  test('answer a client that has ended its side, and close then', async () => {
    const { connect, gone } = await start({}, (server) => {
      server.command(/^(\w+)$/, async (_, match) => {
        await new Promise((resolve) => setTimeout(resolve, 20))
        return match[1]
      })
    })
    const client = connect()
    client.socket.end('one\ntwo\nunfinished')
    expect(await client.closed).toBe('one\ntwo\n')
    await waitUntil(() => gone.length === 1)
    expect(gone).toEqual(['client'])
  })

  test('must be an expression and a function', async () => {
    const { server } = await start()
    expect(() => server.command('get' as never, () => {})).toThrow(
      'command(): the first argument must be a regular expression, not "get".',
    )
    expect(() => server.command(/x/, 1 as never)).toThrow(/second argument must be a function, not 1/)
    expect(() => server.onConnect(undefined as never)).toThrow(/onConnect\(\) takes a function/)
  })
})

describe('handlers', () => {
  test('a greeting goes first, and messages wait for it', async () => {
    const { connect } = await start<{ user: string }>(
      {
        concurrency: 8,
        data: () => ({ user: 'nobody' }),
        async onConnect(client) {
          await new Promise((resolve) => setTimeout(resolve, 20))
          client.data.user = 'somebody'
          return 'hello'
        },
      },
      (server) => void server.command(/^who$/, (client) => client.data.user),
    )
    const client = connect()
    client.write('who\n')
    expect([await client.line(), await client.line()]).toEqual(['hello', 'somebody'])
  })

  test('one that fails closes its client and nobody else', async () => {
    const { connect, logged, gone, server } = await start({}, (server) => {
      server.command(/^bad$/, () => {
        throw new Error('it is broken')
      })
      server.command(/^worse$/, async () => Promise.reject(new TypeError('it is worse')))
      server.command(/^good$/, () => 'fine')
    })
    const [bad, worse, good] = [connect(), connect(), connect()]
    bad.write('good\nbad\ngood\n')
    worse.write('worse\n')
    expect(await bad.closed).toBe('fine\n')
    expect(await worse.closed).toBe('')
    expect(await good.ask('good')).toBe('fine')
    expect(logged()).toMatch(/it is broken[\s\S]*it is worse/)
    await waitUntil(() => gone.length === 2)
    expect(gone).toEqual(['error', 'error'])
    expect(server.stats().failures).toBe(2)
  })

  test('onError may answer instead, and the client stays', async () => {
    const { connect } = await start(
      { onError: async (error, client) => `error ${client.id}: ${error.message}` },
      (server) => {
        server.command(/^bad$/, () => {
          throw new Error('broken')
        })
        server.command(/^good$/, () => 'fine')
      },
    )
    const client = connect()
    expect(await client.ask('bad')).toBe('error 1: broken')
    expect(await client.ask('good')).toBe('fine')
  })

  test('a failing onError, onConnect or onDisconnect is logged and kills nothing', async () => {
    const fail = (what: string) => () => {
      throw new Error(`${what} failed`)
    }
    const { connect, logged } = await start({
      onConnect: fail('connect'),
      onError: fail('error'),
      onDisconnect: fail('disconnect'),
    })
    expect(await connect().closed).toBe('')
    await waitUntil(() => logged().includes('disconnect failed'))
    expect(logged()).toMatch(/connect failed[\s\S]*error failed[\s\S]*disconnect failed/)
  })

  test('a client that is gone aborts what was done for it', async () => {
    let seen: Client | undefined
    const aborted = Promise.withResolvers<void>()
    const { connect, logged } = await start({}, (server) => {
      server.command(/^wait$/, async (client) => {
        seen = client
        await once(client.signal, 'abort')
        aborted.resolve()
        client.signal.throwIfAborted()
      })
    })
    const client = connect()
    client.write('wait\n')
    await waitUntil(() => seen !== undefined)
    client.socket.resetAndDestroy()
    await aborted.promise
    expect(seen!.closed).toBe(true)
    expect(await seen!.write('x')).toBe(false)
    expect(logged()).not.toMatch(/abort/i)
  })
})

describe('a client', () => {
  test('is ended after what runs has been answered, with a last message', async () => {
    const { connect, gone } = await start({ concurrency: 2 }, (server) => {
      server.command(/^slow$/, async () => {
        await new Promise((resolve) => setTimeout(resolve, 20))
        return 'slow'
      })
      server.command(/^quit$/, (client) => client.end('bye'))
    })
    const client = connect()
    client.write('slow\nquit\nslow\n')
    expect(await client.closed).toBe('slow\nbye\n')
    await waitUntil(() => gone.length === 1)
    expect(gone).toEqual(['server'])
  })

  test('that is ended while it still sends gets all of its last message', async () => {
    const { connect } = await start({}, (server) => {
      server.command(/^quit$/, (client) => client.end('x'.repeat(500_000)))
    })
    const client = connect()
    client.write('quit\n')
    for (let index = 0; index < 200; index++) client.write('y'.repeat(1000))
    expect(await client.closed).toHaveLength(500_001)
  })

  test('gets what is broadcast, as one message', async () => {
    const { connect, server } = await start({}, (server) => void server.command(/^hi$/, () => 'hi'))
    const clients = [connect(), connect(), connect()]
    for (const client of clients) expect(await client.ask('hi')).toBe('hi')
    expect(server.broadcast('news')).toBe(3)
    expect(server.broadcast(Buffer.from('more'), ({ id }) => id > 1)).toBe(2)
    for (const client of clients) expect(await client.line()).toBe('news')
    for (const client of clients.slice(1)) expect(await client.line()).toBe('more')
    expect(server.clients.size).toBe(3)
  })

  test('counts in the statistics', async () => {
    const { connect, server, gone } = await start({}, (server) => void server.command(/^hi$/, () => 'hello'))
    const client = connect()
    await client.ask('hi')
    client.socket.end()
    await client.closed
    await waitUntil(() => gone.length === 1)
    expect(server.stats()).toEqual({
      ...{ clients: 0, accepted: 1, refused: 0, messages: 1, failures: 0, bytesRead: 3, bytesWritten: 6 },
    })
  })
})

describe('other framings', () => {
  test('a length before each message', async () => {
    const { connect } = await start({ framing: { lengthPrefix: 2 } }, (server) => {
      server.command(/^a\nb$/, () => 'c\nd')
    })
    const client = connect()
    client.write(Buffer.from('\0\x03a\nb'))
    await waitUntil(() => client.received.length >= 5)
    expect(client.received).toBe('\0\x03c\nd')
  })

  test('raw bytes', async () => {
    const { connect } = await start({ framing: 'raw', onMessage: (_, message) => message.reverse() })
    const client = connect()
    client.write('abc')
    await waitUntil(() => client.received.length >= 3)
    expect(client.received).toBe('cba')
  })

  test('one of the user', async () => {
    const { connect } = await start({
      framing: () => {
        let held: Buffer | undefined
        return {
          push: (chunk) => {
            held = chunk
          },
          next: () => {
            const message = held?.subarray(0, 1)
            held = held && held.length > 1 ? held.subarray(1) : undefined
            return message
          },
          get pending() {
            return held !== undefined
          },
          encode: (message) => `<${message}>`,
        }
      },
      onMessage: (_, message) => message.toString(),
    })
    const client = connect()
    client.write('abc')
    await waitUntil(() => client.received.length >= 9)
    expect(client.received).toBe('<a><b><c>')
  })
})

describe('a message with the delimiter in it', () => {
  test('is no answer: the client gets what onError returns, as one message', async () => {
    const codes: unknown[] = []
    const onError = (error: Error): string => {
      codes.push((error as { code?: string }).code)
      return `${error.name}\r\nat once\n`
    }
    const { connect } = await start({ onError }, (server) => {
      server.command(/^show$/, () => 'one\ntwo')
      server.command(/^bytes$/, () => Buffer.from('one\n\n'))
      server.command(/^fail$/, () => {
        throw new Error('first\nsecond')
      })
      server.command(/^ping$/, () => 'pong')
    })
    const client = connect()
    client.write('show\nping\nbytes\nping\nfail\nping\n')
    const lines = []
    for (let index = 0; index < 6; index++) lines.push(await client.line())
    expect(lines).toEqual(['SdError at once', 'pong', 'SdError at once', 'pong', 'Error at once', 'pong'])
    expect(codes).toEqual(['SD_SERVER_OUTPUT', 'SD_SERVER_OUTPUT', undefined])
  })

  test('is refused while answers before it are awaited', async () => {
    const open = Promise.withResolvers<void>()
    const { connect } = await start({ concurrency: 2, onError: () => 'refused' }, (server) => {
      server.command(/^slow$/, () => open.promise.then(() => 'slow'))
      server.command(/^show$/, () => {
        open.resolve()
        return 'one\ntwo'
      })
    })
    const client = connect()
    client.write('slow\nshow\n')
    expect([await client.line(), await client.line()]).toEqual(['slow', 'refused'])
  })

  test('is neither sent, nor broadcast, nor a farewell', async () => {
    const { connect, server } = await start({ delimiter: 'END' })
    const client = connect()
    const seen = Promise.withResolvers<Client>()
    server.command(/^hello$/, (it) => seen.resolve(it))
    client.write('helloEND')
    const it = await seen.promise
    const refused = expect.objectContaining({ code: 'SD_SERVER_OUTPUT', delimiter: 'END' })
    expect(() => it.send('xENDx')).toThrow(refused as never)
    expect(() => it.end('ENDEND')).toThrow(refused as never)
    expect(() => server.broadcast('aENDb')).toThrow(refused as never)
    expect(it.closed).toBe(false)
    await it.send('xEND')
    it.end('bye')
    client.socket.end()
    expect(await client.closed).toBe('xENDbyeEND')
  })
})
