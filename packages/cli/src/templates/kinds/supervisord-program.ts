import { existsSync } from 'node:fs'
import { quoteForShell, shellCommand } from '../quoting/quote-for-shell.ts'
import {
  supervisordCommand,
  supervisordEnvironment,
  supervisordValue,
} from '../quoting/quote-for-supervisord.ts'
import {
  cliCommand,
  lastingRunDirectory,
  makeRunDirectory,
  runCommand,
  type ServiceProgram,
  secondsToStop,
} from '../service-program.ts'
import type { ServiceTemplate } from '../service-template.ts'

/** Where distributions keep the programs of supervisord. */
const PLACES: readonly (readonly [directory: string, suffix: string])[] = [
  ['/etc/supervisor/conf.d', '.conf'],
  ['/etc/supervisord.d', '.ini'],
  ['/usr/local/etc/supervisor.d', '.ini'],
  ['/opt/homebrew/etc/supervisor.d', '.ini'],
]

/** A program of supervisord. */
export const supervisordProgram: ServiceTemplate = {
  name: 'supervisord',
  aliases: ['supervisor', 'supervisorctl'],
  title: 'A program of supervisord',
  installs: 'files',
  platforms: ['linux', 'darwin', 'freebsd'],
  needsRoot: true,
  render(program) {
    const { name } = program
    const [directory, suffix] = PLACES.find(([place]) => existsSync(place)) ?? PLACES[0]!
    return {
      files: [{ path: `${directory}/${name}${suffix}`, content: renderProgram(program) }],
      next: [
        ...makeRunDirectory(program),
        ['sudo supervisorctl reread', 'lets supervisord read it'],
        ['sudo supervisorctl update', 'starts it'],
        [`sudo supervisorctl status ${name}`, 'shows how it is'],
        [`sudo supervisorctl signal HUP ${name}`, 'restarts it in place, with new code'],
        [
          `sudo SD_RUN_DIR=${quoteForShell(lastingRunDirectory(program))} ${shellCommand(cliCommand(program, 'status', name))}`,
          'asks the daemon itself',
        ],
      ],
    }
  },
}

function renderProgram(program: ServiceProgram): string {
  const { name, user, home, workingDirectory, log = `/var/log/${name}.log` } = program
  const environment = {
    // supervisord starts its programs in its own session: the daemon could not tell that it may restart.
    SD_SUPERVISED: '1',
    SD_RUN_DIR: lastingRunDirectory(program),
    ...(home !== undefined && { HOME: home }),
    USER: user,
  }
  return `; Made by: ${program.madeBy}
[program:${name}]
command=${supervisordCommand(runCommand(program))}
directory=${supervisordValue(workingDirectory)}
user=${supervisordValue(user)}
environment=${supervisordEnvironment(environment)}
; What it writes is for its user. 027 lets its group read it.
umask=077
autostart=true
; After "sd-cli stop" it stays down; whatever else ends it, it is started anew.
autorestart=unexpected
exitcodes=0
startsecs=3
startretries=10
; TERM for the daemon alone, which ends its workers in order. What is left when its time is over is killed
; with its whole group; the workers, which have groups of their own, end with it.
stopsignal=TERM
stopasgroup=false
killasgroup=true
stopwaitsecs=${secondsToStop(program)}
redirect_stderr=true
stdout_logfile=${supervisordValue(log)}
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=5
`
}
