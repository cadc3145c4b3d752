import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Sandbox } from '@sd/testing'

/** How a daemon of the fixture was started. */
export interface Start {
  readonly pid: number
  readonly args: readonly string[]
  readonly cwd: string
  readonly supervised: string | null
}

/** A project in a directory with a name that every format would like to misread. */
export interface HostileProject {
  readonly directory: string
  readonly file: string
  /** How the daemon was started, so far. */
  starts(): Start[]
}

/** @param name - the directory's. */
export function makeProject(sandbox: Sandbox, name: string): HostileProject {
  const directory = join(sandbox.dir, name)
  mkdirSync(directory)
  writeFileSync(join(directory, 'package.json'), '{ "type": "module", "private": true }\n')
  // Where the workspace's own packages are found.
  symlinkSync(fileURLToPath(new URL('../node_modules', import.meta.url)), join(directory, 'node_modules'))
  const file = join(directory, 'served.ts')
  cpSync(fileURLToPath(new URL('./fixtures/served.ts', import.meta.url)), file)
  const told = join(directory, 'starts.jsonl')
  return {
    directory,
    file,
    starts: () =>
      existsSync(told)
        ? readFileSync(told, 'utf8')
            .split('\n')
            // What follows the last end of a line is not whole yet.
            .slice(0, -1)
            .map((line) => JSON.parse(line))
        : [],
  }
}

/** Arguments that must arrive as they are. */
export const HOSTILE_ARGUMENTS = [
  '$HOME',
  '50%',
  '%n %%',
  "it's",
  '"quoted"',
  'a ;b #c',
  '',
  '*',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: for a shell it would be one.
  '${X}',
  '<&>',
  '~',
]
