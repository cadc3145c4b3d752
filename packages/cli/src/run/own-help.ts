import { basename } from 'node:path'
import { ownOptions } from './read-own-words.ts'

/** Rows of a help: what is written, and what it is for. */
export type HelpRows = readonly (readonly [flag: string, purpose: string])[]

/**
 * Help of a daemon's own file.
 *
 * @param daemon - its own options.
 */
export function describeOwnFile(file: string, daemon: HelpRows): string {
  const program = `node ${basename(file)}`
  const examples = [
    [program, 'runs in the foreground'],
    [`${program} -d`, 'in the background; returns when it is ready'],
    [`${program} -d -p /run/poller.pid`, 'with a pid file'],
    [`${program} -i`, 'what must be done to install it'],
    [`${program} -I systemd --install`, 'as a service'],
  ] as const
  const options = Object.entries(ownOptions)
    .filter(([, { hidden }]) => !hidden)
    .map(([name, { type, alias, describe }]) => {
      const names = [name, ...(alias ? [alias] : []), ...(name === 'H' ? ['h'] : [])]
        .sort((a, b) => a.length - b.length)
        .map((each) => (each.length === 1 ? `-${each}` : `--${each}`))
      return [`${names.join(', ')}${type === 'boolean' ? '' : ` ${type.toUpperCase()}`}`, describe] as const
    })
  return [
    'Examples:',
    ...align(examples),
    '',
    `Usage: ${program} [options] [-- what is for the daemon]`,
    '',
    ...describeDaemonOptions(daemon),
    'Options:',
    ...align(options),
  ].join('\n')
}

/** The part of a help that is about a daemon's own options. */
export function describeDaemonOptions(rows: HelpRows): string[] {
  return rows.length === 0 ? [] : ["The daemon's own options:", ...align(rows), '']
}

function align(rows: HelpRows): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd())
}
