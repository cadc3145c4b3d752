/**
 * Does what a newcomer does, in a fresh clone with an empty home folder and empty caches: `npm run demo`, then
 * `npm test`; in a second clone the other way round. `npm run rehearse` takes the last commit,
 * `npm run rehearse -- --working-tree` also what is not committed yet, `--once` leaves the second clone out.
 */
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from './workspace.ts'

const { values } = parseArgs({
  options: { 'working-tree': { type: 'boolean' }, once: { type: 'boolean' } },
})
const orders = [
  ['run demo', 'test'],
  ['test', 'run demo'],
]
const place = mkdtempSync(join(tmpdir(), 'sd-rehearsal-'))
try {
  for (const [index, commands] of orders.slice(0, values.once ? 1 : 2).entries()) {
    const clone = join(place, `clone-${index}`)
    const home = join(place, `home-${index}`)
    mkdirSync(home)
    makeClone(clone)
    const env = emptyEnvironment(home)
    const node = execFileSync('node', ['--version'], { env, encoding: 'utf8' }).trim()
    for (const command of commands) await rehearse(command, clone, env, node)
  }
} finally {
  rmSync(place, { recursive: true, force: true })
}

function makeClone(clone: string): void {
  execFileSync('git', ['clone', '--quiet', '--no-local', root, clone])
  if (!values['working-tree']) return
  // What is deleted in the working tree is still listed, and must be missing in the clone, too.
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const files = execFileSync('git', list, { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean)
  for (const file of files) {
    if (existsSync(join(root, file))) cpSync(join(root, file), join(clone, file))
    else rmSync(join(clone, file), { force: true })
  }
}

/** No setting of the caller, and the machine's own Node, as it was before `npm run` put this repository's first. */
function emptyEnvironment(home: string): NodeJS.ProcessEnv {
  const path = (process.env.PATH ?? '').split(delimiter)
  const foreign = path.filter(
    (folder) => !folder.startsWith(root) && !/node_modules|_npx|node-gyp/.test(folder),
  )
  return {
    HOME: home,
    PATH: foreign.join(delimiter),
    LANG: 'C.UTF-8',
    TMPDIR: tmpdir(),
  }
}

async function rehearse(command: string, cwd: string, env: NodeJS.ProcessEnv, node: string): Promise<void> {
  const title = `npm ${command} in ${basename(cwd)}, Node ${node}`
  console.log(`\n=== ${title}`)
  const start = performance.now()
  const child = spawn('npm', command.split(' '), { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] })
  const { promise, resolve } = Promise.withResolvers<string>()
  child.on('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
  const ending = await promise
  console.log(`=== ${title}: ${ending} after ${((performance.now() - start) / 1000).toFixed(1)} s`)
  if (ending !== 'exit code 0') process.exitCode = 1
}
