/** The part of the inspector's answers that is used (Chrome DevTools Protocol, domain Debugger). */
interface InspectorMessage {
  /** Of the command that this answers. */
  readonly id?: number
  readonly method?: string
  readonly params?: {
    readonly callFrames?: readonly CallFrame[]
    readonly scriptId?: string
    readonly url?: string
  }
}

interface CallFrame {
  readonly functionName: string
  /** Line and column are counted from 0. */
  readonly location: {
    readonly scriptId: string
    readonly lineNumber: number
    readonly columnNumber?: number
  }
}

/** The ids of commands whose answers matter. */
const PAUSE = 2
/** See {@link PAUSE}. */
const LAST_ACT = 3

/** Milliseconds in which JavaScript that runs is paused: within its next statement. After that there is none. */
const PAUSE_TIME = 200

/** What such a line begins with: spares a closer look at all others. */
export const INSPECTOR_WORD: RegExp = /^(?:Debugger|For help|Waiting for)/

/** What Node prints on stderr about its inspector; the first line carries the address. */
export const INSPECTOR_LINE: RegExp =
  /^(?:Debugger listening on (ws:\/\/127\.0\.0\.1:\d+\/[\w-]+)|For help, see: https:\/\/nodejs\.org\/|Debugger attached\.|Debugger ending on ws:|Waiting for the debugger to disconnect)/

/**
 * Pauses the main thread of a process through its inspector and reads where it is. It works in an endless loop,
 * and finds nothing in a process that only waits, because no JavaScript runs there that could be paused. The
 * process stays paused: it is about to be killed.
 *
 * @param address - the inspector's WebSocket, with its secret path.
 * @param signal - ends the attempt.
 * @param lastAct - JavaScript to be run there before the stack is returned.
 * @returns the stack as V8 prints one, without its first line; undefined when there is none.
 */
export function readInspectorStack(
  address: string,
  signal: AbortSignal,
  lastAct?: string,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = new WebSocket(address)
    /** Frames name their script by id; the inspector tells of all scripts first. */
    const urls = new Map<string, string>()
    let stack: string | undefined
    let waiting: NodeJS.Timeout | undefined
    const end = (found: string | undefined): void => {
      clearTimeout(waiting)
      signal.removeEventListener('abort', onAbort)
      socket.close()
      resolve(found)
    }
    const onAbort = (): void => end(stack)
    const send = (id: number, method: string, params?: object): void =>
      socket.send(JSON.stringify({ id, method, params }))
    const actLast = (): void => {
      clearTimeout(waiting)
      send(LAST_ACT, 'Runtime.evaluate', { expression: lastAct ?? '' })
    }
    signal.addEventListener('abort', onAbort, { once: true })
    socket.addEventListener('error', () => end(undefined))
    socket.addEventListener('open', () => {
      send(1, 'Debugger.enable')
      send(PAUSE, 'Debugger.pause')
    })
    socket.addEventListener('message', (event) => {
      const read = readMessage(event.data)
      // No inspector speaks so.
      if (!read) return end(undefined)
      const { id, method, params } = read
      if (method === 'Debugger.scriptParsed') urls.set(params?.scriptId ?? '', params?.url ?? '')
      else if (id === PAUSE) {
        waiting = setTimeout(() => {
          // Or the last act would be what is paused.
          send(4, 'Debugger.disable')
          actLast()
        }, PAUSE_TIME)
      } else if (method === 'Debugger.paused') {
        try {
          const frames = (params?.callFrames ?? []).map((frame) => formatFrame(frame, urls))
          stack = withoutInterruption(frames).join('\n') || undefined
        } catch {
          return end(undefined)
        }
        actLast()
      } else if (id === LAST_ACT) end(stack)
    })
  })
}

function readMessage(data: unknown): InspectorMessage | undefined {
  try {
    const read: unknown = JSON.parse(String(data))
    return typeof read === 'object' && read !== null ? read : undefined
  } catch {
    return undefined
  }
}

/** Now and then what is paused first is Node itself, which tells of its inspector in the middle of the user's loop. */
function withoutInterruption(frames: readonly string[]): readonly string[] {
  const first = frames.findIndex((frame) => !/^ {4}at emit \(node:events:/.test(frame))
  return first > 0 ? frames.slice(first) : frames
}

function formatFrame({ functionName, location }: CallFrame, urls: ReadonlyMap<string, string>): string {
  const url = urls.get(location.scriptId) || '<anonymous>'
  const place = `${url}:${location.lineNumber + 1}:${(location.columnNumber ?? 0) + 1}`
  return functionName ? `    at ${functionName} (${place})` : `    at ${place}`
}
