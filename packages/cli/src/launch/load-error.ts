import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { SdError, toError } from '@sd/core'
import { ownProgram } from '../own-program.ts'

/** Whatever a daemon's file failed with when it was imported, with the place in it. */
export function loadError(file: string, thrown: unknown): SdError {
  const error = toError(thrown) as Error & { code?: unknown }
  // Ours say what to do; where in our code they were made does not help.
  if (typeof error.code === 'string' && error.code.startsWith('SD_')) return error as SdError
  const told = withoutInternals(error.stack ?? error.message)
  // Of a JavaScript file that cannot be parsed, the error does not say where.
  const isSilent = error.name === 'SyntaxError' && !/^\s+at /m.test(told) && !told.startsWith('/')
  const text = isSilent ? (findSyntaxError(file) ?? told) : told
  return new SdError('SD_CLI_LOAD', `${file} cannot be loaded: ${text}`, { file, cause: error })
}

/** A stack without the frames of Node, and of what has imported the file. */
function withoutInternals(stack: string): string {
  const own = pathToFileURL(dirname(ownProgram())).href
  return stack
    .split('\n')
    .filter((line) => !/^\s+at /.test(line) || !(/(?:^|[\s(])node:/.test(line) || line.includes(own)))
    .join('\n')
}

/** Has Node parse the file, without running it. @returns undefined when the error is in a file that it imports. */
function findSyntaxError(file: string): string | undefined {
  // Asked for here and not imported: who has no such file would load it for nothing.
  const { spawnSync } = process.getBuiltinModule('node:child_process')
  const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: 10_000 })
  const found = stderr.includes('SyntaxError') ? withoutInternals(stderr) : undefined
  return found?.replace(/\n+Node\.js v.*/s, '').trim()
}
