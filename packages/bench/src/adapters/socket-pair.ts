import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import type { Codec } from '../socket-pair/frame.ts'
import { FrameReader } from '../socket-pair/frame-reader.ts'
import { FrameWriter } from '../socket-pair/frame-writer.ts'
import { codeFile } from '../system/code-file.ts'
import { methodNames } from '../workers/method-name.ts'
import type { Pool, StartPool } from './adapter.ts'

/** Values as JSON, bytes as they are. */
export const startJsonSocketPairs: StartPool = (size) => start(size, 'json')

/** Everything as `v8.serialize` writes it. */
export const startV8SocketPairs: StartPool = (size) => start(size, 'v8')

/**
 * The limit of what a process can be reached with: a pipe of its own beside the standard ones (a pair of unix
 * sockets on POSIX), length-prefixed frames, one write a tick, a promise for each call, and nothing else.
 */
function start(size: number, codec: Codec): Pool {
  const waiting = new Map<number, (result: unknown) => void>()
  const children = Array.from({ length: size }, () => spawnWorker(codec))
  const writers = children.map((child) => {
    const socket = child.stdio[3] as Socket
    const reader = new FrameReader((call, _method, result) => {
      const resolve = waiting.get(call)!
      waiting.delete(call)
      resolve(result)
    })
    socket.on('data', reader.read)
    return new FrameWriter(socket, codec)
  })
  const numbers = Object.fromEntries(methodNames.map((name, number) => [name, number]))
  let lastCall = 0
  return {
    call: (method, argument) =>
      new Promise((resolve) => {
        const call = ++lastCall
        waiting.set(call, resolve)
        writers[call % size]!.write(call, numbers[method]!, argument)
      }),
    close: () => Promise.all(children.map(hangUp)),
  }
}

function spawnWorker(codec: Codec): ChildProcess {
  const args = [...process.execArgv, codeFile('workers/socket-pair-worker'), codec]
  return spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] })
}

function hangUp(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    const socket = child.stdio[3] as Socket
    socket.end()
  })
}
