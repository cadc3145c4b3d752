import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createSandbox, runFixture, type Sandbox } from '@sd/testing'
import type { Results } from '../src/results.ts'

const main = new URL('../src/main.ts', import.meta.url)

describe('the benchmark', () => {
  let sandbox: Sandbox

  beforeEach(() => {
    sandbox = createSandbox()
  })
  afterEach(() => sandbox.assertNothingLeft())

  test('measures ours, a peer and a bare control, each in processes of its own', async () => {
    const json = join(sandbox.dir, 'results.json')
    const markdown = join(sandbox.dir, 'results.md')
    const subjects = ['simple-daemon', 'workerpool-process', 'fork-json', 'socket-json']
    const args = [
      '--only',
      'no-op-1,object',
      '--peers',
      subjects.join(','),
      '--rounds',
      '2',
      '--duration',
      '100',
    ]
    const bench = runFixture(main, {
      args: [...args, '--json', json, '--markdown', markdown],
      env: sandbox.env,
    })
    expect(await bench.exit).toEqual({ code: 0, signal: null })

    const { workloads } = JSON.parse(readFileSync(json, 'utf8')) as Results
    expect(workloads.map(({ name }) => name)).toEqual(['no-op-1', 'object'])
    for (const { rows } of workloads) {
      expect(rows.map(({ subject }) => subject)).toEqual(subjects)
      for (const { samples, failure } of rows) {
        expect(failure).toBeUndefined()
        expect(samples).toEqual([{ rate: expect.any(Number) }, { rate: expect.any(Number) }])
        for (const { rate } of samples) expect(rate).toBeGreaterThan(0)
      }
    }
    expect(bench.lines.join('\n')).toMatch(/no-op-1, rate: against the best peer +\d+\.\d\d +at least 5 /)
    expect(readFileSync(markdown, 'utf8')).toMatch(/^\| simple-daemon +\|/m)
  })

  test('an interruption ends the run and what it had started', async () => {
    const args = ['--only', 'no-op-1', '--peers', 'simple-daemon', '--duration', '30000']
    const bench = runFixture(main, { args, env: sandbox.env })
    while (sandbox.processes().length < 3) await new Promise((resolve) => setTimeout(resolve, 20))
    bench.kill('SIGINT')
    expect(await bench.exit).toEqual({ code: 130, signal: null })
    expect(bench.lines.join('\n')).toContain('FAILED: interrupted')
  })

  test('a runner that is killed takes what it had started with it', async () => {
    const args = ['--only', 'no-op-1', '--peers', 'fork-json', '--duration', '30000']
    const bench = runFixture(main, { args, env: sandbox.env })
    while (sandbox.processes().length < 3) await new Promise((resolve) => setTimeout(resolve, 20))
    bench.kill('SIGKILL')
    expect(await bench.exit).toEqual({ code: null, signal: 'SIGKILL' })
  })

  test('arguments that make no sense are refused at once', async () => {
    const bench = runFixture(main, { args: ['--only', 'nothing'], env: sandbox.env })
    expect(await bench.exit).toEqual({ code: 2, signal: null })
    expect(bench.lines.join('\n')).toMatch(/There is no workload "nothing"/)
  })
})
