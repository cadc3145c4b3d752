import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Workload } from './workload.ts'

/** The file that `sd-cli` is. */
const cli: string = join(dirname(fileURLToPath(import.meta.resolve('@sd/cli/package.json'))), 'dist/main.js')

/** Node's arguments before the daemon's file. */
const LAUNCHERS: Readonly<Record<string, readonly string[]>> = {
  'simple-daemon': [cli, 'run'],
  'simple-daemon-bare': [cli, 'run', '--no-control'],
  node: [],
}

/** What a daemon's file is written in, and where the benchmark's is. */
const FILES = {
  js: { language: 'JavaScript', file: '../../dist/programs/first-execute.js' },
  ts: { language: 'TypeScript', file: '../../src/programs/first-execute.ts' },
} as const

/**
 * A daemon's file under `sd-cli`, from the second time on, and under Node.
 *
 * @param extension - of the file.
 */
export function launch(extension: keyof typeof FILES): Workload {
  const { language, file } = FILES[extension]
  const program = fileURLToPath(new URL(file, import.meta.url))
  return {
    name: `launch-${extension}`,
    title: `From starting a process to the first \`execute\` of a daemon in ${language}, with \`sd-cli run\` (bare: without a control socket), and with Node alone`,
    metrics: [{ name: 'time', unit: 'ms', better: 'less' }],
    subjects: Object.keys(LAUNCHERS),
    quick: [],
    repeats: 8,
    measure: async (subject) => {
      const place = mkdtempSync(join(tmpdir(), 'sd-bench-'))
      // The first time compiles.
      const time = () => timeToFirstByte([...LAUNCHERS[subject]!, program], place)
      await time()
      const found = await time()
      rmSync(place, { recursive: true })
      return { time: found }
    },
  }
}

/** What a command line tool takes to answer. */
export const help: Workload = {
  name: 'help',
  title: 'From starting a process to its end: `sd-cli --help`; node: an empty program',
  metrics: [{ name: 'time', unit: 'ms', better: 'less' }],
  subjects: ['simple-daemon', 'node'],
  quick: [],
  repeats: 8,
  measure: async (subject) => {
    const place = mkdtempSync(join(tmpdir(), 'sd-bench-'))
    const args = subject === 'node' ? ['-e', '0'] : [cli, '--help']
    await timeToEnd(args, place)
    const time = await timeToEnd(args, place)
    rmSync(place, { recursive: true })
    return { time }
  },
}

async function timeToFirstByte(args: readonly string[], place: string): Promise<number> {
  const start = performance.now()
  const child = launchNode(args, place)
  const ended = once(child, 'exit')
  await once(child.stdout, 'data')
  const time = performance.now() - start
  await ended
  return time
}

async function timeToEnd(args: readonly string[], place: string): Promise<number> {
  const start = performance.now()
  const child = launchNode(args, place)
  child.stdout.resume()
  await once(child, 'exit')
  return performance.now() - start
}

/** @param place - where it finds what was compiled, and makes its socket. */
function launchNode(args: readonly string[], place: string) {
  const { NODE_COMPILE_CACHE: _, ...env } = process.env
  return spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...env, XDG_CACHE_HOME: place, SD_RUN_DIR: join(place, 'run') },
  })
}
