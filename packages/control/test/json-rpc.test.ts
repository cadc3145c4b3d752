import { describe, expect, test } from '@jest/globals'
import { SdError } from '@sd/core'
import { formatAnswer, formatBatch } from '../src/json-rpc/format-answers.ts'
import { LineReader } from '../src/json-rpc/line-reader.ts'
import { errorResponse } from '../src/json-rpc/messages.ts'
import { isRequest, readLine } from '../src/json-rpc/read-request.ts'
import { toRpcError } from '../src/json-rpc/rpc-error.ts'
import { LogRing } from '../src/log/log-ring.ts'
import { mayBeOf } from '../src/socket-path.ts'

describe('what a line is', () => {
  const read = (line: string) => readLine(line).items

  test.each([
    ['a request', '{"jsonrpc":"2.0","method":"status","id":1}'],
    ['one with a text as id', '{"jsonrpc":"2.0","method":"status","id":"a"}'],
    ['one with named parameters', '{"jsonrpc":"2.0","method":"logs","params":{"lines":1},"id":1}'],
    ['a notification', '{"jsonrpc":"2.0","method":"stop"}'],
  ])('%s is a request', (_, line) => {
    expect(read(line)).toEqual([JSON.parse(line)])
    expect(read(line).every(isRequest)).toBe(true)
  })

  test.each([
    ['no JSON', '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', -32700, null],
    ['a number', '1', -32600, null],
    ['null', 'null', -32600, null],
    ['an empty batch', '[]', -32600, null],
    ['a batch that is too large', JSON.stringify(new Array(101).fill(1)), -32600, null],
    ['another version', '{"jsonrpc":"1.0","method":"status","id":1}', -32600, 1],
    ['no version', '{"method":"status","id":1}', -32600, 1],
    ['a method that is no text', '{"jsonrpc":"2.0","method":1,"id":"x"}', -32600, 'x'],
    ['parameters that are a text', '{"jsonrpc":"2.0","method":"status","params":"bar","id":2}', -32600, 2],
    ['parameters that are null', '{"jsonrpc":"2.0","method":"status","params":null,"id":2}', -32600, 2],
    ['an id that is an object', '{"jsonrpc":"2.0","method":"status","id":{}}', -32600, null],
  ])('%s is an error', (_, line, code, id) => {
    expect(read(line)).toEqual([{ jsonrpc: '2.0', error: { code, message: expect.any(String) }, id }])
  })

  test.each(['1', '-0', '1.50', '1e3', '9007199254740993', '1e400', '"a"', 'null'])(
    'the id %s is answered as it came',
    (id) => {
      const line = `{"jsonrpc":"2.0","method":"x","params":{"id":1.0},"id":${id}}`
      for (const [text, items] of [
        [line, readLine(line).items],
        [`[${line}]`, readLine(`[${line}]`).items],
      ] as const) {
        const [item] = items
        if (!item || !isRequest(item)) throw new Error(`This is a request: ${text}`)
        const answer = formatAnswer({ jsonrpc: '2.0', result: item.params!, id: item.id! })
        expect(answer).toBe(`{"jsonrpc":"2.0","result":{"id":1},"id":${id}}`)
        expect(formatBatch([errorResponse(item.id!, { code: 1, message: '' })], 1000)).toContain(
          `"id":${id}}`,
        )
      }
    },
  )

  test('a batch is answered item by item', () => {
    const { isBatch, items } = readLine('[1,{"jsonrpc":"2.0","method":"status","id":1},[]]')
    expect([isBatch, items.map(isRequest)]).toEqual([true, [false, true, false]])
  })
})

describe('lines', () => {
  test('are found wherever the chunks end', () => {
    const bytes = Buffer.from('{"ä":1}\n\n{"b":2}\r\nrest')
    for (let size = 1; size <= bytes.length; size++) {
      const reader = new LineReader(100)
      const lines: string[] = []
      for (let at = 0; at < bytes.length; at += size)
        lines.push(...reader.push(bytes.subarray(at, at + size))!)
      expect(lines).toEqual(['{"ä":1}', '', '{"b":2}\r'])
    }
  })

  test('have a bound, with an end or without', () => {
    expect(new LineReader(4).push(Buffer.from('1234\n1234\n'))).toEqual(['1234', '1234'])
    expect(new LineReader(4).push(Buffer.from('12345\n'))).toBeUndefined()
    const reader = new LineReader(4)
    expect(reader.push(Buffer.from('123'))).toEqual([])
    expect(reader.push(Buffer.from('45'))).toBeUndefined()
  })
})

describe('an error', () => {
  test('of ours keeps its code and those facts that JSON can carry', () => {
    const error = new SdError('SD_CORE_RESTART', 'no', {
      reason: 'x',
      cause: new Error('c'),
      deep: {},
      big: 1n,
    })
    expect(toRpcError(error)).toEqual({
      code: -32000,
      message: 'no',
      data: { code: 'SD_CORE_RESTART', reason: 'x' },
    })
  })

  test('of any other kind is an internal error', () => {
    expect(toRpcError(new TypeError('x is not a function'))).toEqual({
      code: -32603,
      message: 'x is not a function',
    })
    expect(toRpcError('what')).toMatchObject({ code: -32603, message: expect.stringContaining('what') })
  })
})

describe('the last records', () => {
  const record = (message: string) => ({
    ...{ time: new Date(0), pid: 1, label: 'x' },
    ...{ level: 'info' as const, message },
  })

  test.each([
    [0, 5, []],
    [3, 5, ['c', 'd', 'e']],
    [3, 2, ['d', 'e']],
    [10, 10, ['a', 'b', 'c', 'd', 'e']],
  ])('%d are kept and %d asked for', (capacity, count, expected) => {
    const ring = new LogRing(capacity)
    for (const message of 'abcde') ring.add(record(message))
    expect(ring.last(count).map(({ message }) => message)).toEqual(expected)
  })

  test('are cut where they are very long', () => {
    const ring = new LogRing(1)
    ring.add(record('x'.repeat(100_000)))
    expect(ring.last(1)[0]!.message).toMatch(/^x{8192}\.\.\. \(100000 characters\)$/)
  })
})

test('a socket belongs to a name when it is called so, or so and a number', () => {
  const sockets = ['poller', 'poller.4711', 'poller.x', 'poller2', 'poll', 'other.1']
  expect(sockets.filter((socket) => mayBeOf(socket, 'poller'))).toEqual(['poller', 'poller.4711'])
})
