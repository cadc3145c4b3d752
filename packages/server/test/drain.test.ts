import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { waitUntil } from '@sd/testing'
import { testServers } from './test-servers.ts'

const { start } = testServers()

test('a stop accepts nobody, answers what has come, sends all, and closes', async () => {
  const release = Promise.withResolvers<void>()
  let running = 0
  const { connect, stop, gone, server } = await start({}, (server) => {
    server.command(/^slow (\d)$/, async (_, match) => {
      running++
      await release.promise
      return match[1]! + 'x'.repeat(300_000)
    })
  })
  const { port } = server
  const [busy, idle] = [connect(), connect()]
  busy.write('slow 1\nslow 2\nslow 3\nunfinished')
  await waitUntil(() => running === 1 && server.clients.size === 2)
  const stopping = stop()
  expect(await idle.closed).toBe('')
  const { connectClient } = await import('./line-client.ts')
  const late = connectClient(port!)
  expect(await late.closed).toBe('')
  release.resolve()
  const answers = (await busy.closed).split('\n')
  expect(answers.map((answer) => answer[0])).toEqual(['1', '2', '3', undefined])
  expect(answers.slice(0, 3).every((answer) => answer.length === 300_001)).toBe(true)
  expect(await stopping).toMatchObject({ exitCode: 0, unfinished: [] })
  expect(gone).toEqual(['shutdown', 'shutdown'])
})

test('the deadline closes who does not come to an end', async () => {
  const { connect, stop, gone, server } = await start(
    {},
    (server) => {
      server.command(/^hang$/, async () => new Promise(() => {}))
      server.command(/^much$/, () => 'x'.repeat(20_000_000))
    },
    300,
  )
  const [hanging, deaf] = [connect(), connect()]
  hanging.write('hang\n')
  deaf.write('much\n')
  deaf.socket.pause()
  await waitUntil(() => server.stats().messages === 2)
  const begin = performance.now()
  const report = await stop()
  expect(performance.now() - begin).toBeGreaterThan(290)
  expect(report).toMatchObject({ unfinished: [] })
  expect(gone).toEqual(['shutdown', 'shutdown'])
  deaf.socket.destroy()
})

test('a client that does not close its side holds the stop up for a second only', async () => {
  const { connect, stop } = await start({}, (server) => void server.command(/^hi$/, () => 'hello'))
  const client = connect()
  await client.ask('hi')
  client.socket.allowHalfOpen = true
  const begin = performance.now()
  expect(await stop()).toMatchObject({ exitCode: 0, unfinished: [] })
  expect(performance.now() - begin).toBeGreaterThan(900)
})

test('handlers of the end are waited for', async () => {
  let told = false
  const { connect, stop } = await start(
    {
      async onDisconnect() {
        await sleep(100)
        told = true
      },
    },
    (server) => void server.command(/^hi$/, () => 'hello'),
  )
  await connect().ask('hi')
  await stop()
  expect(told).toBe(true)
})
