import { type ChildProcess, fork, type SerializationType } from 'node:child_process'
import { codeFile } from '../system/code-file.ts'
import type { ForkReply } from '../workers/fork-worker.ts'
import type { Pool, StartPool } from './adapter.ts'

export const startJsonForks: StartPool = (size) => start(size, 'json')

export const startAdvancedForks: StartPool = (size) => start(size, 'advanced')

/** `child_process.fork` and `process.send` with a promise for each call, and nothing else. */
function start(size: number, serialization: SerializationType): Pool {
  const waiting = new Map<number, (result: unknown) => void>()
  const onReply = ([id, result]: ForkReply): void => {
    const resolve = waiting.get(id)!
    waiting.delete(id)
    resolve(result)
  }
  const children = Array.from({ length: size }, () =>
    fork(codeFile('workers/fork-worker'), { serialization }).on(
      'message',
      onReply as (message: unknown) => void,
    ),
  )
  let lastId = 0
  return {
    call: (method, argument) =>
      new Promise((resolve) => {
        const id = ++lastId
        waiting.set(id, resolve)
        children[id % size]!.send([id, method, argument])
      }),
    close: () => Promise.all(children.map(disconnect)),
  }
}

function disconnect(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.disconnect()
  })
}
