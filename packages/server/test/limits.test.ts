import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { waitUntil } from '@sd/testing'
import { testServers } from './test-servers.ts'

const { start } = testServers()

const MEGABYTE = 1024 * 1024

describe('maxClients', () => {
  test('closes the next one at once, and takes one again when one has gone', async () => {
    const { connect, server, logged } = await start({ maxClients: 2 }, (server) => {
      server.command(/^hi$/, () => 'hello')
    })
    const [first, second] = [connect(), connect()]
    expect([await first.ask('hi'), await second.ask('hi')]).toEqual(['hello', 'hello'])
    for (let index = 0; index < 5; index++) expect(await connect().closed).toBe('')
    expect(await first.ask('hi')).toBe('hello')
    expect(server.stats()).toMatchObject({ clients: 2, accepted: 2, refused: 5 })
    expect(logged().match(/A connection was refused/g)).toHaveLength(1)
    first.socket.end()
    await first.closed
    await waitUntil(() => server.clients.size === 1)
    expect(await connect().ask('hi')).toBe('hello')
  })
})

describe('maxInput', () => {
  test('closes whoever exceeds it, who is told, after the answers before', async () => {
    const { connect, gone, logged } = await start({ maxInput: 10 }, (server) => {
      server.command(/^slow$/, async () => {
        await sleep(20)
        return 'slow'
      })
    })
    const [whole, endless, polite] = [connect(), connect(), connect()]
    whole.write(`slow\n${'x'.repeat(11)}\nslow\n`)
    endless.write('x'.repeat(100_000))
    expect(await whole.closed).toBe('slow\nerror: a message may have 10 bytes\n')
    expect(await endless.closed).toBe('error: a message may have 10 bytes\n')
    expect(await polite.ask('slow')).toBe('slow')
    await waitUntil(() => gone.length === 2)
    expect(gone).toEqual(['input', 'input'])
    expect(logged().match(/more than 10 bytes/g)).toHaveLength(1)
  })

  test('tells what onError returns', async () => {
    const codes: unknown[] = []
    const { connect } = await start({
      maxInput: 10,
      onError(error) {
        codes.push((error as { code?: string }).code)
        return 'too much'
      },
    })
    const client = connect()
    client.write('x'.repeat(12))
    expect(await client.closed).toBe('too much\n')
    expect(codes).toEqual(['SD_SERVER_INPUT'])
  })

  test('bounds the memory of lines that never end', async () => {
    const { connect, server } = await start({ maxInput: 64 * 1024 })
    const clients = Array.from({ length: 50 }, () => connect())
    await Promise.all(clients.map((client) => client.connected))
    const before = process.memoryUsage().arrayBuffers
    for (let round = 0; round < 60; round++) {
      for (const client of clients) client.write('x'.repeat(1000))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await waitUntil(() => server.stats().bytesRead === 50 * 60_000)
    // 60,000 bytes each, doubled at most by growing in steps, and what the readers' chunks still take.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * 128 * 1024 + 16 * MEGABYTE)
    expect(server.clients.size).toBe(50)
  })
})

describe('idleTimeout', () => {
  test('closes whoever completes no message, however many bytes trickle in', async () => {
    const { connect, gone } = await start({ idleTimeout: 300 }, (server) => {
      server.command(/^hi$/, () => 'hello')
    })
    const [silent, trickling, busy] = [connect(), connect(), connect()]
    const ended = new AbortController()
    const trickle = (async () => {
      while (!ended.signal.aborted) {
        trickling.write('x')
        await sleep(10)
      }
    })()
    const chat = (async () => {
      while (!ended.signal.aborted) {
        expect(await busy.ask('hi')).toBe('hello')
        await sleep(20)
      }
    })()
    expect(await silent.closed).toBe('')
    expect(await trickling.closed).toBe('')
    ended.abort()
    await Promise.all([trickle, chat])
    expect(await busy.ask('hi')).toBe('hello')
    expect(gone).toEqual(['idle', 'idle'])
  })

  test('does not count the time that a command takes', async () => {
    const { connect } = await start({ idleTimeout: 50 }, (server) => {
      server.command(/^slow$/, async () => {
        await sleep(300)
        return 'done'
      })
    })
    expect(await connect().ask('slow')).toBe('done')
  })
})

describe('a client that does not read', () => {
  test('is not read from either, and its commands wait', async () => {
    let runs = 0
    const { connect, server } = await start({}, (server) => {
      server.command(/^more$/, () => {
        runs++
        return 'x'.repeat(10_000)
      })
    })
    const client = connect()
    await client.connected
    client.socket.pause()
    for (let index = 0; index < 20; index++) client.write('more\n'.repeat(1000))
    let before = -1
    await waitUntil(async () => {
      const still = runs > 0 && runs === before
      before = runs
      await sleep(100)
      return still
    })
    // What the system's buffers take, and ours.
    expect(runs).toBeLessThan(2000)
    const [{ socket }] = server.clients as unknown as [{ socket: { writableLength: number } }]
    expect(socket.writableLength).toBeLessThan(MEGABYTE)
    client.socket.resume()
    await waitUntil(() => client.received.length === 20_000 * 10_001, 'all is answered', 30_000)
    expect(runs).toBe(20_000)
  })

  test('is disconnected when it takes nothing for writeTimeout', async () => {
    const { connect, gone, logged } = await start({ writeTimeout: 200 }, (server) => {
      server.command(/^more$/, () => 'x'.repeat(10 * MEGABYTE))
    })
    const client = connect()
    await client.connected
    client.write('more\n')
    client.socket.pause()
    await waitUntil(() => gone.length === 1)
    expect(gone).toEqual(['stalled'])
    expect(logged()).toContain('it has read nothing for 200 ms')
    client.socket.destroy()
  })

  test('has as long as it takes while it takes something', async () => {
    const { connect, gone } = await start({ writeTimeout: 1000 }, (server) => {
      server.command(/^more$/, () => 'x'.repeat(40 * MEGABYTE))
    })
    const client = connect()
    const begin = performance.now()
    client.write('more\n')
    for (let wanted = 2 * MEGABYTE; wanted <= 40 * MEGABYTE; wanted += 2 * MEGABYTE) {
      client.socket.resume()
      while (client.socket.bytesRead < wanted) await once(client.socket, 'data')
      client.socket.pause()
      await sleep(100)
    }
    expect(performance.now() - begin).toBeGreaterThan(1500)
    expect(gone).toEqual([])
  })

  test('is disconnected when more than maxOutput waits for it, and a broadcast waits for nobody', async () => {
    const { connect, server, gone } = await start({ maxOutput: 200_000 }, (server) => {
      server.command(/^hi$/, () => 'hello')
    })
    const [deaf, good] = [connect(), connect()]
    await Promise.all([deaf.ask('hi'), good.ask('hi')])
    deaf.socket.pause()
    const news = 'x'.repeat(50_000)
    for (let sent = 0; gone.length === 0; sent++) {
      expect(sent).toBeLessThan(2000)
      server.broadcast(news)
      expect(await good.line()).toBe(news)
    }
    expect(gone).toEqual(['output'])
    expect(await good.ask('hi')).toBe('hello')
    deaf.socket.destroy()
  })

  test('holds back whoever awaits write', async () => {
    const { connect } = await start({ maxOutput: 300_000 }, (server) => {
      server.command(/^stream$/, async (client) => {
        for (let index = 0; index < 200; index++) expect(await client.write('x'.repeat(100_000))).toBe(true)
        return 'done'
      })
    })
    const client = connect()
    client.write('stream\n')
    expect(await client.line()).toHaveLength(200 * 100_000 + 4)
  })
})

test('clients that vanish in the middle of anything leave nothing', async () => {
  const { connect, server, gone } = await start({}, (server) => {
    server.command(/^slow$/, async () => {
      await sleep(20)
      return 'x'.repeat(100_000)
    })
  })
  const clients = Array.from({ length: 60 }, () => connect())
  await Promise.all(clients.map((client) => client.connected))
  clients.forEach((client, index) => {
    client.write(index % 3 === 0 ? 'unfinis' : 'slow\nslow\n')
    setTimeout(
      () => (index % 2 ? client.socket.destroy() : client.socket.resetAndDestroy()),
      index % 5 === 0 ? 0 : 30,
    )
  })
  await waitUntil(() => gone.length === 60)
  expect(gone).toEqual(Array(60).fill('client'))
  expect(server.clients.size).toBe(0)
})
