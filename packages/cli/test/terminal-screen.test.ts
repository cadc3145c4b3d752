import { PassThrough } from 'node:stream'
import { expect, test } from '@jest/globals'
import { type Key, TerminalScreen } from '../src/screen/terminal-screen.ts'

test('Esc is a key of its own, also where another one follows it soon', async () => {
  const input = Object.assign(new PassThrough(), { setRawMode() {} }) as unknown as NodeJS.ReadStream
  const output = Object.assign(new PassThrough().resume(), { isTTY: true }) as unknown as NodeJS.WriteStream
  const keys: Key[] = []
  const screen = new TerminalScreen(
    { onKey: (key) => keys.push(key), onRedraw() {}, onEnd() {} },
    input,
    output,
  )
  try {
    input.push('\x1b')
    // Less than the half second that Node would wait for the rest of a sequence.
    await new Promise((resolve) => setTimeout(resolve, 200))
    input.push('r')
    await new Promise((resolve) => setImmediate(resolve))
    input.push('\x1b[A')
    await new Promise((resolve) => setImmediate(resolve))
    expect(keys.map(({ name }) => name)).toEqual(['escape', 'r', 'up'])
  } finally {
    screen.close()
  }
})
