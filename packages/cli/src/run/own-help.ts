import { basename } from 'node:path'
import { ownOptions } from './read-own-words.ts'

/** Help of a daemon's own file. */
export function describeOwnFile(file: string): string {
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
      const names = [name, ...(alias ? [alias] : [])]
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
    'Options:',
    ...align(options),
  ].join('\n')
}

function align(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}
