import { SdError } from '@sd/core'
import { exitCodeOf, exitCodes } from '../exit-codes.ts'
import type { Output } from '../output/output.ts'
import { withLines } from '../output/with-lines.ts'
import type { StartOutcome } from './start-detached.ts'

/** Errors that say that the daemon runs already, here or elsewhere. */
const RUNNING: ReadonlySet<string> = new Set(['SD_CLI_ALREADY_RUNNING', 'SD_LOCK_HELD'])

/**
 * Tells how a start went.
 *
 * @returns the exit code.
 * @throws SdError with the reason of one that failed.
 */
export function reportStart({ message, pid, printed, exit }: StartOutcome, out: Output): number {
  if (message?.kind === 'ready') {
    const { name, log } = message
    if (log)
      out.warn(
        `The log of ${name} cannot be written: ${log.file}: ${log.problem}. What it logs is lost until it can.`,
      )
    if (out.json) out.printJson({ name, pid, started: true, ...(log && { log }) })
    else {
      out.print(`${out.style.bold(name)} runs, pid ${pid}.`)
      out.say(
        `See what it does:  sd-cli status ${name}\nFollow its log:    sd-cli logs ${name} -f\nAfter SIGKILL, out of memory or a reboot nothing starts it again: a service does (sd-cli init).`,
      )
    }
    return exitCodes.ok
  }
  if (message && RUNNING.has(message.error.code)) {
    const { name } = message
    const { pid: own, holder, message: text } = message.error
    // A lock names its holder.
    const running = own ?? (holder as { pid?: number } | undefined)?.pid ?? null
    if (out.json) out.printJson({ name, pid: running, started: false, message: text })
    else out.print(text)
    return exitCodes.ok
  }
  if (!message) {
    const why = `The daemon has ended before it was ready (${exit ?? 'its pipe was closed'}).`
    throw new SdError('SD_CLI_START', withLines(why, printed.split('\n')), { exit, printed })
  }
  const { code, message: text, ...facts } = message.error
  const log = message.log
  // What was typed is wrong, not the daemon.
  if (exitCodeOf({ code }) === exitCodes.usage) throw new SdError(code, text, facts)
  // The reason itself is told already; its stack, and what came before, is not.
  const told = new Set(text.split('\n').map((line) => line.trim()))
  const untold = log.filter((line) => !told.has(line.replace(/^[^:]*: (?:\w*Error: )?/, '').trim()))
  throw new SdError('SD_CLI_START', withLines(`The daemon has not started: ${text}`, untold), {
    ...facts,
    reason: code,
    log,
  })
}
