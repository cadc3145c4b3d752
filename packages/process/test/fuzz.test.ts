import { EventEmitter } from 'node:events'
import type { Readable } from 'node:stream'
import { expect, test } from '@jest/globals'
import { encodeAttaching, encodeBatch, encodeFrame } from '../src/channel/frame-encoder.ts'
import { readFrames } from '../src/channel/frame-reader.ts'

/** Numbers that look random and are the same in each run (Marsaglia, "Xorshift RNGs", 2003). */
function createRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

const ATTACHED = encodeAttaching({ data: Buffer.alloc(40_000, 5), more: [new Float64Array(5000)] }, undefined)

/** Frames of each kind that either side may receive. */
const SEEDS: readonly Buffer[] = [
  encodeBatch('[0,1,"add",[1,2]],[1,7,12,3,{"a":["b",null,true]}]'),
  encodeBatch(Array.from({ length: 30 }, (_, id) => JSON.stringify([1, id, 5, 6, 'x'.repeat(id)])).join()),
  encodeBatch('0,65536', 'taken'),
  encodeFrame('message', [1, 5, 0, 1, new Map([[1, new Set(['a', 1n, new Date(0)])]])]),
  encodeFrame('message', { error: new RangeError('x'), regexp: /a/g, view: new Int16Array([1, 2, 3]) }),
  encodeFrame('message', new Array(200).fill(1.5)),
  encodeFrame('initial', { url: 'file:///a.ts', shares: {} }),
  encodeFrame('ready'),
  encodeFrame('sharing'),
  encodeFrame('drain'),
  encodeFrame('failed', { name: 'Error', message: 'no', stack: '' }),
  Buffer.concat([ATTACHED.frame, ...ATTACHED.following]),
]

function mutate(frame: Buffer, random: (below: number) => number): Buffer {
  let bytes = Buffer.from(frame)
  for (let change = random(4); change >= 0; change--) {
    const at = random(random(2) === 0 ? bytes.length : Math.min(bytes.length, 24))
    switch (random(4)) {
      case 0:
        bytes[at] = random(256)
        break
      case 1:
        bytes[at] = bytes[at]! ^ (1 << random(8))
        break
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(8))])
        break
      default:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([random(256), 255]), bytes.subarray(at)])
    }
    if (bytes.length === 0) return bytes
  }
  return bytes
}

const FRAMES = process.env.SD_SOAK ? 1_000_000 : 40_000

test('mutated frames are taken or refused, and nothing else happens', () => {
  const random = createRandom(20_261_123)
  let taken = 0
  let refused = 0
  const memoryBefore = process.memoryUsage.rss()
  for (let round = 0; round < FRAMES; round++) {
    const stream = new EventEmitter() as Readable
    stream.resume = () => stream
    stream.pause = () => stream
    let nonsense = 0
    readFrames(stream, {
      onFrame: () => taken++,
      onTaken: () => {},
      onReleased: () => {},
      onNonsense: () => nonsense++,
    })
    const bytes = mutate(SEEDS[round % SEEDS.length]!, random)
    const cut = random(bytes.length + 1)
    stream.emit('data', bytes.subarray(0, cut))
    stream.emit('data', bytes.subarray(cut))
    if (nonsense > 1) throw new Error(`Nonsense was reported ${nonsense} times.`)
    refused += nonsense
  }
  // All but those that now only wait for more.
  expect(taken).toBeGreaterThan(FRAMES / 10)
  expect(refused).toBeGreaterThan(FRAMES / 10)
  expect(process.memoryUsage.rss() - memoryBefore).toBeLessThan(1024 * 1024 * 1024)
}, 600_000)
