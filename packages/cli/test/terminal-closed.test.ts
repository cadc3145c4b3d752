import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { requireCommand, waitUntil } from '@sd/testing'
import { cliCommand, fixture, runCli } from './run-cli.ts'
import { usePlace } from './use-place.ts'

const place = usePlace()

test('a detached daemon lives on when its terminal is closed, and holds nothing of it', async () => {
  requireCommand({ command: 'tmux', debian: 'tmux', elsewhere: 'with your package manager' })
  const socket = `sd-test-${randomUUID()}`
  const tmux = (...words: string[]) =>
    execFileSync('tmux', ['-L', socket, '-f', '/dev/null', ...words], {
      env: { ...process.env, ...place.env },
    })
  const done = join(place.sandbox.dir, 'done')
  const start = [...cliCommand, 'start', fixture('ticker.ts')].map((word) => `'${word}'`).join(' ')
  // The shell stays, so that the terminal is closed under it.
  tmux('new-session', '-d', `${start} && touch ${done}; cat`)
  try {
    await waitUntil(() => existsSync(done), 'the daemon has started', 30_000)
  } finally {
    tmux('kill-server')
  }
  await waitUntil(() => place.sandbox.processes().every(({ command }) => !/^(tmux|sh|cat)/.test(command)))
  const status = await runCli(place, ['status', 'ticker', '--json'])
  expect(status.code).toBe(0)
  const { pid, processes } = status.json<{ pid: number; processes: { children: { pid: number }[] } }>()
  for (const each of [pid, ...processes.children.map((child) => child.pid)]) {
    const links = [0, 1, 2].map((descriptor) => readlinkSync(`/proc/${each}/fd/${descriptor}`))
    expect(links.filter((link) => /tty|pts/.test(link))).toEqual([])
  }
  expect(await runCli(place, ['stop', 'ticker'])).toMatchObject({ code: 0 })
})
