import { expect, test } from '@jest/globals'
import { waitUntil } from '@sd/testing'
import type { Terminal } from './open-terminal.ts'
import { useTerminals } from './use-terminals.ts'

const terminals = useTerminals()

/** The process of `sd-cli` in the terminal. */
function findCli(command: string): number {
  const found = terminals.sandbox
    .processes()
    .find((each) => /main\.[jt]s /.test(each.command) && each.command.includes(` ${command}`))
  if (!found) throw new Error(`No process runs "sd-cli ${command}".`)
  return found.pid
}

async function openAll(): Promise<{ terminal: Terminal; modes: string }> {
  const terminal = await terminals.open()
  return { terminal, modes: await terminal.modes() }
}

/** Each with what shows that it is there. */
const commands = [
  ['top watched', /q quit/],
  ['signals watched', /watched \d+> *$/],
] as const

test.each(commands)(
  '%s: a signal that ends it leaves the terminal as it was',
  async (command, ready) => {
    await terminals.startDaemon()
    const { terminal, modes } = await openAll()
    for (const [signal, number] of [
      ['SIGTERM', 15],
      ['SIGHUP', 1],
      ['SIGINT', 2],
      ['SIGQUIT', 3],
    ] as const) {
      await terminal.enter(`$SD_CLI ${command}; echo "code $?"`)
      await terminal.waitFor(ready)
      process.kill(findCli(command), signal)
      // The shell takes a SIGINT for the end of the whole line.
      await terminal.waitFor(number === 2 ? /\nshell:$/ : new RegExp(`code ${128 + number}\\nshell:$`))
      expect(await terminal.modes()).toBe(modes)
    }
  },
  120_000,
)

test.each(commands)(
  '%s: Ctrl-Z gives the terminal back until it goes on',
  async (command, ready) => {
    await terminals.startDaemon()
    const { terminal, modes } = await openAll()
    await terminal.enter(`$SD_CLI ${command}`)
    await terminal.waitFor(ready)
    await terminal.press('C-z')
    await terminal.waitFor(/Stopped[\s\S]*shell:$/)
    expect(await terminal.modes()).toBe(modes)
    await terminal.enter('fg')
    await terminal.waitFor(ready)
    await terminal.press('C-c')
    await terminal.waitFor(/shell:$/)
    expect(await terminal.modes()).toBe(modes)
  },
  120_000,
)

test.each(commands)(
  '%s: ends when the terminal goes away',
  async (command, ready) => {
    await terminals.startDaemon()
    const { terminal } = await openAll()
    await terminal.enter(`$SD_CLI ${command}`)
    await terminal.waitFor(ready)
    const pid = findCli(command)
    await terminal.close()
    await waitUntil(() => terminals.sandbox.processes().every((each) => each.pid !== pid), 'it has ended')
  },
  120_000,
)

test('a question can be left with Ctrl-Z, and answered later', async () => {
  const daemon = await terminals.startDaemon()
  const { terminal, modes } = await openAll()
  daemon.kill('SIGKILL')
  await daemon.exit
  await terminal.enter('$SD_CLI clean')
  await terminal.waitFor(/Remove .*\? \[y\/N\]/)
  await terminal.press('C-z')
  await terminal.waitFor(/Stopped .*\nshell:$/)
  await terminal.enter('clear; fg')
  await terminal.waitFor(/Remove .*\? \[y\/N\]/)
  await terminal.enter('y')
  await terminal.waitFor(/Removed 2 of 2\./)
  expect(await terminal.modes()).toBe(modes)
})

test('an error that nobody catches leaves the terminal as it was', async () => {
  const { terminal, modes } = await openAll()
  const node = `${process.execPath} -C @sd/source`
  for (const what of ['screen', 'console']) {
    const file = new URL('./fixtures/failing-screen.ts', import.meta.url).pathname
    await terminal.clear()
    await terminal.enter(`${node} ${file} ${what}; echo "code $?"`)
    await terminal.waitFor(/Error: nobody catches this[\s\S]*code 1/)
    expect(await terminal.modes()).toBe(modes)
  }
}, 120_000)

test('colours are left out where nobody wants them', async () => {
  await terminals.startDaemon()
  for (const [env, colored] of [
    [{}, true],
    [{ NO_COLOR: '1' }, false],
  ] as const) {
    const terminal = await terminals.open({ env })
    await terminal.enter('$SD_CLI signals watched')
    await terminal.waitFor(/watched \d+> *$/)
    await terminal.enter('list daemons')
    await terminal.waitFor(/alive/)
    // tmux shows attributes as escape sequences when asked to.
    expect((await terminal.screen({ attributes: true })).includes('\x1b[2m')).toBe(colored)
    await terminal.press('C-c')
    await terminal.waitFor(/shell:$/)
  }
}, 120_000)
