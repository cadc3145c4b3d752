import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createSandbox, runFixture, type Sandbox } from '@sd/testing'

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox()
})

afterEach(() => sandbox.assertNothingLeft())

function run(file: string, ...args: string[]) {
  return runFixture(new URL(`../${file}`, import.meta.url), { args, env: sandbox.env })
}

test('the demo checks 10,000 answers over 50 connections', async () => {
  const demo = run('demo.ts')
  expect(await demo.exit).toEqual({ code: 0, signal: null })
  const output = demo.lines.join('\n')
  expect(output).toMatch(/10000 of 10000 requests answered over 50 connections, 0 wrong/)
  expect(output).toContain('All answers were right, and the server has stopped in order.')
})

test('the client finds wrong answers', async () => {
  const { createServer } = await import('node:net')
  const liar = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (text) => socket.write('0000\n'.repeat(String(text).split('\n').length - 1)))
    socket.on('end', () => socket.end())
  })
  await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve))
  const client = run('client.ts', String((liar.address() as { port: number }).port), '20', '2')
  expect(await client.exit).toEqual({ code: 1, signal: null })
  expect(client.lines.join('\n')).toMatch(/20 of 20 requests answered over 2 connections, 20 wrong/)
  await new Promise((resolve) => liar.close(resolve))
})

test('the comparison runs', async () => {
  // Too short to judge by: what counts is that both answer everything.
  const comparison = run('compare.ts', '1', '2000')
  const { code } = await comparison.exit
  expect([0, 1]).toContain(code)
  expect(comparison.lines.filter((line) => /ratio \d/.test(line))).toHaveLength(2)
}, 120_000)
