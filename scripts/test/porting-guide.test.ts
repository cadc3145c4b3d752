/** The guide for those who port a daemon from PHP: nothing of the original is missing, and each name here exists. */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { createDaemon } from '@sd/core'
import { root } from '../workspace.ts'

interface Row {
  readonly section: string
  readonly original: string
  readonly here: string
  readonly difference: string
}

/** What the original has: its names, as the guide has to show them. */
const ORIGINAL: Readonly<Record<string, readonly string[]>> = {
  Core_Daemon: words(
    `getInstance set_filename setup_plugins setup_workers setup execute log_file check_environment run restart signal on off
    dispatch task log debug error fatal_error plugin worker get set is pid loop_interval runtime stats_mean stats_trim
    getFilename getopt show_help show_install_instructions create_init_script __destruct $loop_interval $idle_probability
    $auto_restart_interval $install_instructions MIN_RESTART_SECONDS Core_Console_Getopt`,
  ),
  Events: words(
    `ON_ERROR ON_SIGNAL ON_INIT ON_PREEXECUTE ON_POSTEXECUTE ON_FORK ON_PIDCHANGE ON_IDLE ON_REAP ON_SHUTDOWN`,
  ),
  Signals: words('SIGTERM SIGINT SIGHUP SIGUSR1 SIGCONT SIGCHLD SIGUSR2'),
  Switches: words('-H -h -i -I --install -d -p -o --verbose --recoverworkers --debugworkers'),
  Workers: words(
    `Core_IWorker Core_Worker_Mediator Core_Worker_ObjectMediator Core_Worker_FunctionMediator Core_Worker_Call
    Core_IWorkerVia Core_Worker_Via_SysV Core_Lib_Process timeout workers onReturn onTimeout inline is_idle status retry
    get_struct running_count process_count dump auto_restart fork log error fatal_error daemon breakpoint garbage_collector
    count_error backoff $error_thresholds malloc UNCALLED LAZY`,
  ),
  Tasks: words('Core_ITask task Core_Plugin_ProcessManager'),
  Plugins: words(
    `Core_IPlugin Core_Plugin_Ini Core_Plugin_Server addCommand CLIENT_CONNECT CLIENT_DISCONNECT SERVER_DISCONNECT
    $max_clients $max_read $blocking Core_Lib_Command`,
  ),
  Locks: words(
    `Core_Lock_Lock Core_Lock_File Core_Lock_Memcached Core_Lock_Shm Core_Lock_Null set get check $ttl Core_Lib_Memcached
    Core_Lib_Memcache`,
  ),
  'Debug console': words(
    `y n capture skip skipfor end help kill args show signal shutdown trace eval call status types indent !! cleanipc`,
  ),
  'Signal console': words('pid -1 [n] help exit'),
  'Shared memory console': words('addr scan watch rewatch [n] help exit'),
  'Scripts and templates': words(
    `signal_console shm_console socket_console clean_ipc killemall procs usr1_signal _run init_ubuntu error_handlers
    config`,
  ),
  Examples: words('PrimeNumbers LongPoll Tasks HashServer Example HandleTest'),
}

const guide = readFileSync(join(root, 'docs/guide/from-php-simple-daemon.md'), 'utf8')
const rows = readRows(guide)
const daemon = createDaemon({ name: 'ported' })
const switches = listSwitches()

test.each(Object.entries(ORIGINAL))('the guide names all of %s', (section, names) => {
  const text = rows
    .filter((row) => row.section === section)
    .map(({ original }) => original)
    .join('\n')
  const isNamed = (name: string): boolean =>
    text
      .split(/[^\w$!\-[\]]+/)
      .some((word) => word === name || (word.startsWith('scripts') && word.endsWith(name)))
  expect(
    names.filter((name) => !isNamed(name) && !text.includes(`${name}.php`) && !text.includes(`*${name}`)),
  ).toEqual([])
})

test('what has no counterpart says why', () => {
  const silent = rows.filter(({ here, difference }) => here === '' && difference === '')
  expect(silent).toEqual([])
})

test('each counterpart exists', () => {
  const missing = rows.flatMap(({ section, here }) =>
    findMissing(section, here).map((name) => `${section}: ${name}`),
  )
  expect(missing).toEqual([])
})

/** @returns the names of a cell that the code does not have. */
function findMissing(section: string, cell: string): string[] {
  const missing: string[] = []
  // `fileLock()` of `@sd/lock-file`: an export. `ttl` of `fileLock()`: an option.
  const rest = cell.replaceAll(
    /`(\w+)(?:\(\))?` of `(@sd\/[\w-]+|\w+\(\))`/g,
    (text, name: string, owner: string) => {
      const isThere = owner.startsWith('@sd/') ? hasExport(owner, name) : hasOption(owner.slice(0, -2), name)
      if (!isThere) missing.push(text)
      return ''
    },
  )
  for (const [, name] of rest.matchAll(/`([^`]+)`/g)) if (!exists(section, name!)) missing.push(name!)
  return missing
}

function exists(section: string, name: string): boolean {
  if (CONSOLES[section]) return CONSOLES[section]().includes(name)
  const [, option] = /^createDaemon\(\{ (\w+) \}\)$/.exec(name) ?? []
  if (option) return hasMember('packages/core/src/options.ts', 'DaemonOptions', option)
  const [, event] = /^on\('(\w+)'\)$/.exec(name) ?? []
  if (event) return hasMember('packages/core/src/events.ts', 'DaemonEvents', event)
  if (name.startsWith('-')) return switches.includes(name)
  const [, command] = /^sd-cli (\w+)$/.exec(name) ?? []
  if (command) return existsSync(join(root, `packages/cli/src/commands/${command}.ts`))
  if (/^(examples|packages)\//.test(name) || name.startsWith('@sd/'))
    return existsSync(join(root, name.replace(/^@sd\//, 'packages/')))
  const [, owner, member] = /^(\w+)\.(\w+)(?:\.\w+)?(?:\(\))?$/.exec(name) ?? []
  return owner !== undefined && hasOwnMember(owner, member!)
}

function hasOwnMember(owner: string, member: string): boolean {
  if (owner === 'daemon') return member in daemon || ['workers', 'tasks'].includes(member)
  const places: Readonly<Record<string, readonly [string, string]>> = {
    pool: ['packages/workers/src/workers-service.ts', 'WorkerPool'],
    call: ['packages/workers/src/call/call.ts', 'Call'],
    this: ['packages/workers/src/definition/worker-context.ts', 'WorkerBase'],
    server: ['packages/server/src/server-service.ts', 'ServerService'],
  }
  const place = places[owner]
  return place !== undefined && hasMember(...place, member)
}

/** Whether an interface of a source file, or the object that a factory takes, has a member. */
function hasMember(file: string, name: string, member: string): boolean {
  const source = readFileSync(join(root, file), 'utf8')
  const [, body] =
    new RegExp(`^export (?:abstract )?(?:interface|class) ${name}\\b.*?\\{\\n(.*?)^\\}`, 'ms').exec(source) ??
    []
  if (body === undefined) throw new Error(`${file} has no ${name}.`)
  return new RegExp(`^  (?:declare )?(?:readonly )?${member}\\b`, 'm').test(body)
}

function hasOption(factory: string, option: string): boolean {
  const places: Readonly<Record<string, readonly [string, string]>> = {
    workers: ['packages/workers/src/options.ts', 'PoolOptions'],
    server: ['packages/server/src/options.ts', 'ServerOptions'],
    fileLock: ['packages/lock/src/options.ts', 'LockOptions'],
  }
  const place = places[factory]
  return place !== undefined && hasMember(...place, option)
}

function hasExport(name: string, exported: string): boolean {
  const source = readFileSync(join(root, name.replace('@sd/', 'packages/'), 'src/index.ts'), 'utf8')
  return (
    new RegExp(`^export .*\\b${exported}\\b`, 'm').test(source) ||
    new RegExp(`^  (?:type )?${exported},$`, 'm').test(source)
  )
}

/** The switches of a daemon's own file. */
function listSwitches(): string[] {
  const file = join(root, 'packages/cli/test/fixtures/own-file.ts')
  const help = execFileSync(process.execPath, ['-C', '@sd/source', file, '-H'])
  return words(help.toString()).map((word) => word.replace(/,$/, ''))
}

/** What can be typed into each console. */
const CONSOLES: Readonly<Record<string, () => string[]>> = {
  'Debug console': () =>
    globSync('packages/debug-console/src/commands/*.ts', { cwd: root }).flatMap((file) => {
      const source = readFileSync(join(root, file), 'utf8')
      return [...source.matchAll(/names: \[(.*?)\]/g)].flatMap(([, names]) => readStrings(names!))
    }),
  'Signal console': () => readCommands('packages/cli/src/signals/signal-console.ts'),
  'Shared memory console': () => readCommands('packages/cli/src/shm/shm-console.ts'),
}

function readCommands(file: string): string[] {
  const [, names] = /^const COMMANDS = \[(.*?)\]/ms.exec(readFileSync(join(root, file), 'utf8')) ?? []
  return readStrings(names ?? '')
}

function readStrings(text: string): string[] {
  return [...text.matchAll(/'([^']*)'/g)].map(([, value]) => value!)
}

/** The rows of all tables, each with the heading above it. */
function readRows(document: string): Row[] {
  let section = ''
  const found: Row[] = []
  for (const line of document.split('\n')) {
    if (line.startsWith('## ')) section = line.slice(3)
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim())
    if (cells.length !== 5 || cells[1] === 'Original' || cells[1]!.startsWith('---')) continue
    found.push({ section, original: cells[1]!, here: cells[2]!, difference: cells[3]! })
  }
  return found
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}
