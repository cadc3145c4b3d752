// Launches a daemon with the packed `sd-cli`, asks it, debugs it, tries to start a second one, and stops it. What runs in
// other threads and processes (hub, agents, console, spares) has files of its own, which must be in the tarballs, too.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const place = mkdtempSync(join(tmpdir(), 'sd-operate-'))
const env = {
  ...process.env,
  SD_RUN_DIR: join(place, 'run'),
  SD_LOG_DIR: join(place, 'log'),
  SD_SHM_DIR: join(place, 'shm'),
}

function run(command: string, args: readonly string[], input = ''): { code: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { env, input, encoding: 'utf8' })
  return { code: status, text: stdout + stderr }
}

const cli = (args: readonly string[], input = '') => run(join('node_modules', '.bin', 'sd-cli'), args, input)

function expect(
  what: string,
  { code, text }: ReturnType<typeof run>,
  wanted: number,
  pattern: RegExp,
): string {
  const found = pattern.exec(text)
  if (code === wanted && found) return found[0]
  throw new Error(`${what}: exit code ${code}, not ${wanted}, or no ${pattern} in\n${text}`)
}

try {
  expect('start', cli(['start', 'importer.ts']), 0, /importer runs, pid \d+/)
  expect('status', cli(['status', 'importer', '--json']), 0, /"running": ?true/)
  const script = 'eval 6 * 7\nbreak importer.ts:11\ncall halve 84\nwait 30\nargs\ny\nwait 1\nend\n'
  const debugging = expect('console', cli(['console', 'importer'], script), 0, /> eval[\s\S]*/)
  for (const pattern of [/^42$/m, /in .*importer\.ts:11:/, /^n = 84$/m, /has returned 42/]) {
    if (!pattern.test(debugging)) throw new Error(`console: no ${pattern} in\n${debugging}`)
  }
  expect('a second one', run('node', ['importer.ts']), 1, /is held by process \d+ on .*, since /)
  expect('logs', cli(['logs', 'importer']), 0, /halved 21, hello you/)
  expect('stop', cli(['stop', 'importer']), 0, /importer has stopped/)
  expect('clean', cli(['clean', '--yes']), 0, /[\s\S]*/)
  console.log('operated')
} finally {
  cli(['stop', 'importer', '--force', '--timeout', '5'])
  rmSync(place, { recursive: true })
}
