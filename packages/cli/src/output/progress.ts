import type { WriteStream } from 'node:tty'
import { escapeText } from '@sd/core/escape-text'
import { cutText } from '../text/display-width.ts'

/** Something that is under way. */
export interface Progress {
  /** Tells more, in the same place: `Stopping poller: 3 calls left`. */
  update(what: string): void
  /** Takes the message away. Idempotent. */
  end(): void
}

/** What ends before is not worth a message. Milliseconds. */
const PATIENCE = 500

/** Milliseconds between two frames. */
const FRAME = 120

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

/**
 * Shows what is under way: in a terminal in one line that moves and goes away, elsewhere in a line that stays.
 *
 * @param stream - undefined: nowhere.
 */
export function startProgress(
  what: string,
  stream: Pick<WriteStream, 'isTTY' | 'write' | 'columns'> | undefined,
): Progress {
  if (!stream) return { update: () => {}, end: () => {} }
  const moves = Boolean(stream.isTTY) && process.env.TERM !== 'dumb'
  let text = what
  let frame = 0
  let timer: NodeJS.Timeout | undefined
  let shown = false

  const draw = (): void => {
    shown = true
    if (!moves) return void stream.write(`${escapeText(text)} ...\n`)
    const line = cutText(`${FRAMES[frame++ % FRAMES.length]} ${text}`, (stream.columns || 80) - 1)
    // To the beginning of the line, and clear what is there.
    stream.write(`\r\x1b[K${line}`)
    timer = setTimeout(draw, FRAME)
    timer.unref()
  }
  timer = setTimeout(draw, PATIENCE)
  timer.unref()

  return {
    update(next) {
      text = next
    },
    end() {
      clearTimeout(timer)
      if (shown && moves) stream.write('\r\x1b[K')
      shown = false
    },
  }
}
