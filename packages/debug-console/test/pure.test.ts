import { once } from 'node:events'
import { stripTypeScriptTypes } from 'node:module'
import { connect, createServer, type Socket } from 'node:net'
import { runInThisContext } from 'node:vm'
import { afterEach, describe, expect, test } from '@jest/globals'
import { inFrame, inGlobalScope } from '../src/agent/expression.ts'
import { readBoundNames, readParameters } from '../src/agent/read-parameters.ts'
import { type RawSourceMap, SourceMap } from '../src/agent/source-map.ts'
import { Columns } from '../src/hub/columns.ts'
import { StopQueue } from '../src/hub/stop-queue.ts'
import { resolveDebugConsoleOptions } from '../src/options.ts'
import { JsonLines } from '../src/protocol/json-lines.ts'
import { PointProbe } from '../src/target/point-probe.ts'

describe('the queue of those that have stopped', () => {
  test('gives the prompt in the order in which they stopped', () => {
    const queue = new StopQueue()
    for (const pid of [3, 1, 2]) queue.add(pid)
    expect(queue.all).toEqual([3, 1, 2])
    queue.remove(3)
    expect(queue.current).toBe(1)
  })

  test('leaves its turn to one that takes a step, until the step takes too long', () => {
    const queue = new StopQueue()
    queue.add(1)
    queue.add(2)
    queue.step(1)
    expect(queue.current).toBeUndefined()
    queue.add(1)
    expect(queue.current).toBe(1)
    queue.step(1)
    queue.giveUpStep()
    expect(queue.current).toBe(2)
    queue.add(1)
    expect(queue.all).toEqual([2, 1])
  })

  test('forgets who is gone, also in the middle of a step', () => {
    const queue = new StopQueue()
    queue.add(1)
    queue.add(2)
    queue.step(1)
    queue.remove(1)
    queue.giveUpStep(1)
    expect(queue.current).toBe(2)
  })
})

test('columns are kept by calls that are open, and given to others afterwards', () => {
  const columns = new Columns()
  expect([columns.of('a#1'), columns.of('a#2'), columns.of('a#1')]).toEqual([0, 1, 0])
  columns.keep(new Set(['a#2']))
  expect([columns.of('b#3'), columns.of('a#2')]).toEqual([0, 1])
})

describe('parameters', () => {
  const parametersOf = (source: string, at = source.indexOf('(')): string[] => readParameters(source, 0, at)

  test('are read from the source of a function', () => {
    expect(parametersOf('function f(a, b = 2, ...rest) {}')).toEqual(['a', 'b', '...rest'])
    expect(parametersOf('m({ a, b }, [c] = [1]) {}')).toEqual(['{ a, b }', '[c] = [1]'])
    expect(parametersOf("f(a = ')', b /* , */ = g(1, 2)) {}")).toEqual(['a', 'b'])
    expect(parametersOf('f() {}')).toEqual([])
    expect(readParameters('x => x', 0, 0)).toEqual(['x'])
    expect(readParameters('nothing here', 0, 0)).toEqual([])
  })

  test('give names, also where they take something apart', () => {
    expect(readBoundNames('n')).toEqual(['n'])
    expect(readBoundNames('...rest')).toEqual(['rest'])
    expect(readBoundNames('{ a, b: c = f(1, 2), "d": { e }, ...f }')).toEqual(['a', 'c', 'e', 'f'])
    expect(readBoundNames("[a, , [b = ','], ...c] = []")).toEqual(['a', 'b', 'c'])
    expect(readBoundNames('{}')).toEqual([])
    expect(readBoundNames('{ größe: äh, 名 }')).toEqual(['äh', '名'])
    expect(readParameters('ñ => ñ', 0, 0)).toEqual(['ñ'])
  })

  test('may stand on lines of their own', () => {
    expect(readParameters('function f(\n  first        ,\n  second,\n) {}', 0, 10)).toEqual([
      'first',
      'second',
    ])
  })
})

describe('what V8 is to evaluate', () => {
  test('comes in an array if it is an expression, and as it stands if not', () => {
    expect(inFrame('{ a: 1 }')).toEqual({ source: '[({ a: 1 }\n)]', boxed: true })
    for (const text of [
      'let a = 1',
      'throw 1',
      'this.#count',
      '// nothing',
      'nonsense(',
      '{ let a = 1; a }',
    ]) {
      expect(inFrame(text)).toEqual({ source: text, boxed: false })
    }
  })

  test('has its parameter in the global scope, and may await', async () => {
    const evaluate = (text: string): Promise<unknown> => runInThisContext(inGlobalScope(text, 'seven', '7'))
    expect(await evaluate('seven + 1 // more')).toMatchObject([8])
    expect(await evaluate('let a = seven; a * 2')).toMatchObject([14])
    expect(await evaluate('await seven')).toMatchObject([7])
    await expect(evaluate('nonsense(')).rejects.toThrow('Unexpected end of input')
  })
})

describe('a source map', () => {
  const source = 'enum Size { Small }\n\nexport function f(n: number): number {\n  return n + Size.Small\n}\n'
  const made = stripTypeScriptTypes(source, {
    mode: 'transform',
    sourceMap: true,
    sourceUrl: 'file:///dir/a.ts',
  })
  const [, encoded] = /base64,(\S+)/.exec(made)!
  const raw = JSON.parse(Buffer.from(encoded!, 'base64').toString()) as RawSourceMap
  const map = new SourceMap(raw, 'file:///dir/a.js')

  test('leads there and back', () => {
    const [url] = map.sources
    const generated = map.toGenerated(url!, 3)!
    expect(made.split('\n')[generated.line]).toContain('return n + ')
    expect(map.toSource(generated.line, generated.column)).toMatchObject({ sourceLine: 3 })
  })

  test('knows the next line that has code', () => {
    expect(map.toGenerated(map.sources[0]!, 1)).toMatchObject({ sourceLine: 2 })
    expect(map.toGenerated(map.sources[0]!, 99)).toBeUndefined()
    expect(map.toGenerated('file:///other.ts', 0)).toBeUndefined()
  })

  test('that is none is refused', () => {
    expect(() => new SourceMap({ ...raw, version: 2 }, 'file:///a.js')).toThrow('no source map of revision 3')
    expect(() => new SourceMap({ ...raw, mappings: '!' }, 'file:///a.js')).toThrow('"!" is no digit')
  })
})

describe('a probe', () => {
  const call = { id: 7, pool: 'primes', method: 'sieve', args: [1, { deep: ['x'] }] }
  const plan = { active: true, points: [], methods: [], skipped: [], captured: [] }

  test('goes on where nobody wants a stop', () => {
    const probe = new PointProbe()
    expect(probe.reach({ name: 'running', call })).toBe(true)
    probe.configure({ ...plan, active: false, points: ['running'] })
    expect(probe.reach({ name: 'running', call })).toBe(true)
    probe.configure({ ...plan, points: ['breakpoint'], skipped: ['here'] })
    expect(probe.reach({ name: 'breakpoint', label: 'here' })).toBe(true)
  })

  test('remembers what a condition has thrown until that is told', () => {
    const probe = new PointProbe()
    probe.conditionFailed(1, new RangeError('too far'))
    expect(probe.takeFailedCondition([2, 1])).toBe('RangeError: too far')
    expect(probe.takeFailedCondition([1])).toBeUndefined()
    probe.conditionFailed(1, { odd: true })
    expect(probe.takeFailedCondition([1])).toBe('{ odd: true }')
  })

  test('knows which calls run', () => {
    const probe = new PointProbe()
    probe.reach({ name: 'running', call })
    probe.reach({ name: 'running', call: { ...call, id: 8, args: [] } })
    expect(probe.describeCall(undefined)).toEqual({ id: 8, pool: 'primes', method: 'sieve', args: '' })
    expect(probe.describeCall(7)).toMatchObject({ args: "1, { deep: [ 'x' ] }" })
    probe.reach({ name: 'return', call: { ...call, id: 8 }, value: 1 })
    expect(probe.describeCall(8)).toBeUndefined()
  })
})

describe('options', () => {
  test('have defaults, and are checked', () => {
    expect(resolveDebugConsoleOptions({})).toEqual({ allow: false, points: ['breakpoint', 'timeout'] })
    expect(() => resolveDebugConsoleOptions({ alow: true } as object)).toThrow('Did you mean "allow"?')
    expect(() => resolveDebugConsoleOptions({ points: ['nowhere'] })).toThrow(
      /"points" must be an array of points/,
    )
  })
})

describe('lines of JSON', () => {
  const open: { destroy(): void }[] = []
  afterEach(() => {
    for (const each of open.splice(0)) each.destroy()
  })

  /** Two ends of a connection. */
  async function connectPair(): Promise<[Socket, Socket]> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const client = connect(port, '127.0.0.1')
    const [socket] = (await once(server, 'connection')) as [Socket]
    server.close()
    open.push(client, socket)
    return [client, socket]
  }

  test('arrive whole, however they are cut', async () => {
    const [client, socket] = await connectPair()
    const seen: unknown[] = []
    const ended = new Promise((resolve) => new JsonLines(socket, (value) => seen.push(value), resolve))
    const text = Buffer.from('{"a":"ä"}\n{"b":[1]}\n')
    for (const byte of text) client.write(Buffer.of(byte))
    client.end()
    await ended
    expect(seen).toEqual([{ a: 'ä' }, { b: [1] }])
  })

  test.each([['garbage\n'], ['null\n'], ['7\n'], ['{"a":\n'], ['x'.repeat(5_000_000)]])(
    'that are none end the connection (%#)',
    async (text) => {
      const [client, socket] = await connectPair()
      client.on('error', () => {})
      const why = await new Promise<string>((resolve) => {
        new JsonLines(socket, () => {}, resolve)
        client.write(text)
      })
      expect(why).toMatch(/nobody understands|too long/)
      expect(socket.destroyed).toBe(true)
    },
  )
})
