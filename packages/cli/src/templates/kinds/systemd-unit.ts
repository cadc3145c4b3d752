import { shellCommand } from '../quoting/quote-for-shell.ts'
import { quoteForSystemd, systemdCommand, systemdPath, systemdText } from '../quoting/quote-for-systemd.ts'
import {
  cliCommand,
  isRoot,
  ownRunDirectory,
  runCommand,
  type ServiceProgram,
  secondsToStop,
} from '../service-program.ts'
import type { ServiceTemplate } from '../service-template.ts'

/** Seconds in which systemd wants a sign of life from the event loop. */
const WATCHDOG = 60

/** A service of the system, under a user of its own. */
export const systemdUnit: ServiceTemplate = {
  name: 'systemd',
  aliases: ['systemd-system', 'service', 'unit'],
  title: 'A service of the system, for systemd',
  installs: 'files',
  platforms: ['linux'],
  needsRoot: true,
  render(program) {
    const unit = `${program.name}.service`
    const content = renderUnit(program, {
      unit: ['Wants=network-online.target', 'After=network-online.target'],
      service: [
        `User=${quoteForSystemd(program.user)}`,
        `Group=${quoteForSystemd(program.group)}`,
        ...(isRoot(program)
          ? []
          : [
              '# The daemon may raise its priority by one, as it does when its interval is short.',
              'LimitNICE=-1',
            ]),
      ],
      sandbox: [
        ...sandboxAll,
        ...sandboxFiles(program),
        ...(isRoot(program) ? [] : ['CapabilityBoundingSet=']),
      ],
      target: 'multi-user.target',
    })
    return {
      files: [{ path: `/etc/systemd/system/${unit}`, content }],
      next: [
        ['sudo systemctl daemon-reload', 'lets systemd read it'],
        [`sudo systemctl enable --now ${unit}`, 'starts it, now and at each boot'],
        [`systemctl status ${unit}`, 'shows how it is'],
        [`sudo systemctl reload ${unit}`, 'restarts it in place, with new code'],
        [`journalctl -u ${unit} -f`, 'follows what it prints'],
        [
          `sudo SD_RUN_DIR=/run/${ownRunDirectory(program)} ${shellCommand(cliCommand(program, 'status', program.name))}`,
          'asks the daemon itself',
        ],
      ],
    }
  },
}

/** A service of one user, without root. */
export const systemdUserUnit: ServiceTemplate = {
  name: 'systemd-user',
  aliases: ['user-unit', 'user'],
  title: 'A service of your own, for systemd (no root needed)',
  installs: 'files',
  platforms: ['linux'],
  needsRoot: false,
  render(program) {
    const unit = `${program.name}.service`
    const content = renderUnit(program, {
      unit: [],
      service: [],
      sandbox: sandboxWithoutRights,
      target: 'default.target',
    })
    const directory = `${program.home ?? program.workingDirectory}/.config/systemd/user`
    return {
      files: [{ path: `${directory}/${unit}`, content }],
      next: [
        ['systemctl --user daemon-reload', 'lets systemd read it'],
        [`systemctl --user enable --now ${unit}`, 'starts it, now and when you log in'],
        [
          `sudo loginctl enable-linger ${shellCommand([program.user])}`,
          'has it start at boot, and stay when you log out',
        ],
        [`systemctl --user status ${unit}`, 'shows how it is'],
        [`systemctl --user reload ${unit}`, 'restarts it in place, with new code'],
        [`journalctl --user -u ${unit} -f`, 'follows what it prints'],
        [`sd-cli status ${program.name}`, 'asks the daemon itself'],
      ],
    }
  },
}

interface UnitParts {
  readonly unit: readonly string[]
  readonly service: readonly string[]
  readonly sandbox: readonly string[]
  readonly target: string
}

function renderUnit(program: ServiceProgram, { unit, service, sandbox, target }: UnitParts): string {
  const stop = secondsToStop(program)
  return `${[
    `# Made by: ${program.madeBy}`,
    '[Unit]',
    `Description=${systemdText(program.description)}`,
    ...unit,
    '# Ten failures within ten minutes: then it stays down, until somebody starts it.',
    'StartLimitIntervalSec=600',
    'StartLimitBurst=10',
    '',
    '[Service]',
    '# The daemon says when it is ready, restarts or stops, through systemd-notify, which is a process of its own.',
    'Type=notify',
    'NotifyAccess=all',
    `ExecStart=${systemdCommand(runCommand(program))}`,
    '# A restart in place: the same process, with new code.',
    'ExecReload=/bin/kill -HUP $MAINPID',
    `WorkingDirectory=${systemdPath(program.workingDirectory)}`,
    ...service,
    `SyslogIdentifier=${program.name}`,
    ...(program.log === undefined
      ? []
      : [`StandardOutput=append:${systemdPath(program.log)}`, 'StandardError=inherit']),
    '',
    '# An event loop that is blocked for so long is ended, and the daemon started anew.',
    `WatchdogSec=${WATCHDOG}`,
    '# After "sd-cli stop" it stays down. A hang-up that comes while Node starts ends it with that signal.',
    'Restart=on-failure',
    'RestartForceExitStatus=SIGHUP',
    'RestartSec=5',
    '',
    '# The daemon ends its workers itself, within its shutdownTimeout; what is left then is killed.',
    'KillMode=mixed',
    `TimeoutStopSec=${stop}`,
    '',
    '# Its control socket and its lock. Kept over restarts, and where several services share it.',
    `RuntimeDirectory=${ownRunDirectoryOf(program, target)}`,
    'RuntimeDirectoryMode=0700',
    'RuntimeDirectoryPreserve=yes',
    '',
    '# What it writes is for its user. 0027 lets its group read it: logs, for instance.',
    'UMask=0077',
    '# No MemoryDenyWriteExecute=: Node compiles to machine code while it runs.',
    '# No RemoveIPC=: what it keeps in shared memory outlives it.',
    ...sandbox,
    '',
    '[Install]',
    `WantedBy=${target}`,
  ].join('\n')}\n`
}

/** A user's own is where the tools look: `$XDG_RUNTIME_DIR/sd`. */
function ownRunDirectoryOf(program: ServiceProgram, target: string): string {
  return target === 'default.target' ? 'sd' : ownRunDirectory(program)
}

/** What a manager without rights can do, too: these need no namespaces. */
const sandboxWithoutRights = [
  'NoNewPrivileges=yes',
  'LockPersonality=yes',
  'RestrictRealtime=yes',
  'RestrictSUIDSGID=yes',
  'SystemCallArchitectures=native',
]

const sandboxAll = [
  ...sandboxWithoutRights,
  'RestrictNamespaces=yes',
  'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
  '# @pkey: V8 protects the code that it makes with memory keys.',
  'SystemCallFilter=@system-service @pkey',
  'SystemCallErrorNumber=EPERM',
  'PrivateDevices=yes',
  'ProtectClock=yes',
  'ProtectControlGroups=yes',
  'ProtectHostname=yes',
  'ProtectKernelLogs=yes',
  'ProtectKernelModules=yes',
  'ProtectKernelTunables=yes',
  '# Processes of other users are not seen.',
  'ProtectProc=invisible',
  'ProtectSystem=full',
]

/** Of these `ProtectSystem=full` takes away the right to write. */
const READ_ONLY = /^\/(usr|etc|boot|efi)(\/|$)/

/** What `ProtectHome=yes` takes out of sight. */
const HOMES = /^\/(home|root|run\/user)(\/|$)/

/** What `PrivateTmp=yes` puts others in the place of. */
const TEMPORARY = /^\/(var\/)?tmp(\/|$)/

function sandboxFiles({ workingDirectory, file, node, cli, log }: ServiceProgram): string[] {
  const paths = [workingDirectory, file, node, cli, ...(log === undefined ? [] : [log])]
  return [
    ...(READ_ONLY.test(workingDirectory) ? [`ReadWritePaths=${quoteForSystemd(workingDirectory)}`] : []),
    paths.some((path) => TEMPORARY.test(path))
      ? '# No PrivateTmp=: the program is in a directory for temporary files.'
      : 'PrivateTmp=yes',
    paths.some((path) => HOMES.test(path))
      ? '# No ProtectHome=: the program is in a home directory.'
      : 'ProtectHome=yes',
  ]
}
