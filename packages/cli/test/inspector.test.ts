import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { beOtherUser, listeningPorts, waitUntil } from '@sd/testing'
import { fixture, runCli } from './run-cli.ts'
import { usePlaces } from './use-place.ts'

const place = usePlaces()
const { test } = place

const log = (): string => readFileSync(join(place.logDirectory, 'early-signal.log'), 'utf8')

async function start(env: Record<string, string>): Promise<number> {
  const started = await runCli(place, ['start', fixture('early-signal.ts'), '--json'], { env })
  expect(started).toMatchObject({ code: 0 })
  return started.json<{ pid: number }>().pid
}

test('an inspector that SIGUSR1 opens while a daemon boots is for no other user, also in its next life', async () => {
  const stranger = await beOtherUser(place.sandbox)
  const pid = await start({ EARLY_SIGNAL: '1' })
  for (let life = 1; life <= 2; life++) {
    await waitUntil(() => (log().match(/ inspector .*/g) ?? []).length === life, `life ${life}`)
    expect(listeningPorts(pid)).not.toContain(9229)
    for (const probe of await stranger.probe()) expect(probe).toMatchObject({ addresses: [], ran: [] })
    if (life === 1) expect(await runCli(place, ['restart', 'early-signal'])).toMatchObject({ code: 0 })
  }
  const signalled = await runCli(place, ['signal', 'early-signal', 'USR1'])
  expect(signalled.code).toBe(0)
  await waitUntil(() => /Statistics/i.test(log()), 'SIGUSR1 is what it was')
  await stranger.leave()
  expect(await runCli(place, ['stop', 'early-signal'])).toMatchObject({ code: 0 })
})

test('with NODE_OPTIONS that start an inspector, it is the daemon that has it', async () => {
  const port = 20_000 + (process.pid % 20_000)
  const pid = await start({ NODE_OPTIONS: `--inspect=${port}` })
  expect(listeningPorts(pid)).toEqual([port])
  await waitUntil(() => log().includes(`inspector ws://127.0.0.1:${port}/`), 'the daemon has the inspector')
  expect(await runCli(place, ['stop', 'early-signal'])).toMatchObject({ code: 0 })
})
