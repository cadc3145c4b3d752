import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Sandbox, waitUntil } from '@sd/testing'

/** A real manager of user units, of its own in every respect. */
export interface SystemdManager {
  /** Where it looks for units. */
  readonly units: string
  /** Runs `systemctl --user`. */
  systemctl(...args: readonly string[]): { status: number | null; said: string }
  /** A property of a unit, as `systemctl show` has it. */
  show(unit: string, property: string): string
  /** What it has printed, and what its services have. */
  log(): string
  /** Ends it, and all that it has started. */
  stop(): Promise<void>
}

/** Whether a manager can be started here: it needs namespaces and a control group of its own. */
export const mayRunSystemd: boolean =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  existsSync('/lib/systemd/systemd') &&
  spawnSync('unshare', ['--pid', '--fork', '--mount', '--cgroup', 'true']).status === 0

/** Where control groups are: the hierarchy of systemd's own, or the only one. */
const CGROUPS = existsSync('/sys/fs/cgroup/systemd') ? '/sys/fs/cgroup/systemd' : '/sys/fs/cgroup'

/**
 * What runs as process 1 of the namespaces. systemd wants to see that systemd has booted the machine, and a control
 * group below which it makes its own.
 */
const INSIDE = `
mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system
if [ -d /sys/fs/cgroup/systemd ]; then
  mount -t tmpfs tmpfs /sys/fs/cgroup && mkdir /sys/fs/cgroup/systemd /sys/fs/cgroup/unified
  mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
  mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
else
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi
/lib/systemd/systemd --user --unit=basic.target &
echo ready
wait
`

/** Starts a manager in namespaces of its own. */
export async function startSystemd(sandbox: Sandbox): Promise<SystemdManager> {
  const runtime = join(sandbox.dir, 'runtime')
  const config = join(sandbox.dir, 'config')
  const units = join(config, 'systemd/user')
  mkdirSync(runtime, { mode: 0o700 })
  mkdirSync(units, { recursive: true })
  const cgroup = join(CGROUPS, `sd-test-${process.pid}-${Date.now()}`)
  mkdirSync(cgroup)
  const env = {
    ...{ PATH: process.env.PATH, HOME: sandbox.dir, XDG_RUNTIME_DIR: runtime, XDG_CONFIG_HOME: config },
    ...{ SYSTEMD_LOG_TARGET: 'console', SYSTEMD_LOG_LEVEL: 'notice', ...sandbox.env },
  }
  const child: ChildProcess = spawn(
    'sh',
    [
      '-c',
      `echo $$ > ${cgroup}/cgroup.procs
       exec unshare --pid --fork --mount --mount-proc --cgroup --kill-child sh -c "$0"`,
      INSIDE,
    ],
    { env, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let said = ''
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => (said += chunk))
  await waitUntil(() => said.includes('ready'), `systemd begins: ${said}`, 30_000)
  const inside = (): string => readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim()

  function systemctl(...args: readonly string[]): { status: number | null; said: string } {
    const words = [
      '-t',
      inside(),
      '--mount',
      '--pid',
      '--cgroup',
      'systemctl',
      '--user',
      '--no-pager',
      ...args,
    ]
    const { status, stdout, stderr } = spawnSync('nsenter', words, { encoding: 'utf8', env })
    return { status, said: `${stdout}${stderr}`.trim() }
  }

  await waitUntil(
    () => systemctl('is-active', 'basic.target').status === 0,
    `systemd is up: ${said} ${systemctl('is-active', 'basic.target').said}`,
    30_000,
  )
  return {
    units,
    systemctl,
    log: () => said,
    show: (unit, property) => systemctl('show', unit, '--property', property, '--value').said,
    async stop() {
      const exit = once(child, 'exit')
      // With process 1 of a namespace all others in it end.
      process.kill(Number(inside()), 'SIGKILL')
      await exit
      await waitUntil(() => removeGroups(cgroup), 'the control groups are empty')
    },
  }
}

function removeGroups(directory: string): boolean {
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (entry.isDirectory()) removeGroups(join(directory, entry.name))
    }
    rmdirSync(directory)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}
