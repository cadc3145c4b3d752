import { quoteForShell, shellCommand } from '../quoting/quote-for-shell.ts'
import { refuseText } from '../quoting/refuse-text.ts'
import {
  cliCommand,
  ownRunDirectory,
  type ServiceProgram,
  secondsToStop,
  startCommand,
} from '../service-program.ts'
import type { ServiceTemplate } from '../service-template.ts'

/** A script for System V init, and whatever still runs such scripts. */
export const initScript: ServiceTemplate = {
  name: 'initd',
  aliases: ['init.d', 'sysv', 'sysvinit', 'init'],
  title: 'A script in /etc/init.d, for System V init',
  installs: 'files',
  platforms: ['linux', 'freebsd', 'openbsd', 'netbsd' as NodeJS.Platform],
  needsRoot: true,
  render(program) {
    const { name } = program
    return {
      files: [{ path: `/etc/init.d/${name}`, content: renderScript(program), mode: 0o755 }],
      next: [
        [`sudo update-rc.d ${name} defaults`, 'has it started at boot (Red Hat: chkconfig --add)'],
        [`sudo service ${name} start`, 'starts it now'],
        [`sudo service ${name} status`, 'shows how it is'],
        [`sudo service ${name} reload`, 'restarts it in place, with new code'],
      ],
      ...(program.log !== undefined && {
        notes: ['The log option is not used here: the daemon writes its own log, see its logFile.'],
      }),
    }
  },
}

function renderScript(program: ServiceProgram): string {
  const { name, description, user, home, file, workingDirectory } = program
  const quote = (word: string): string => quoteForShell(word, 'an init script')
  // What is not quoted: comments.
  if (description.includes('\\')) refuseText(description, 'an init script', 'a backslash may end its line')
  const directory = `/run/${ownRunDirectory(program)}`
  return `#!/bin/sh
# Made by: ${program.madeBy}
### BEGIN INIT INFO
# Provides:          ${name}
# Required-Start:    $remote_fs $syslog
# Required-Stop:     $remote_fs $syslog
# Should-Start:      $network $time $named
# Should-Stop:       $network
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: ${description}
# Description:       ${description}
### END INIT INFO

NAME=${quote(name)}
RUN_AS=${quote(user)}
FILE=${quote(file)}
NODE=${quote(program.node)}
DIRECTORY=${quote(workingDirectory)}
# The daemon's socket, lock and pid file; nobody else may enter.
SD_RUN_DIR=${quote(directory)}
export SD_RUN_DIR
${home === undefined ? '' : `HOME=${quote(home)}\nexport HOME\n`}
# What it writes is for its user. 027 lets its group read it.
umask 077

say() {
  echo "$NAME: $*" >&2
}

# Runs a command as the daemon's user.
as_user() {
  if [ "$(id -un)" = "$RUN_AS" ]; then
    "$@"
  elif [ "$(id -u)" != 0 ]; then
    say "must be run as root, or as $RUN_AS"
    return 4
  elif command -v runuser >/dev/null 2>&1; then
    runuser -u "$RUN_AS" -- "$@"
  else
    su -s /bin/sh -c 'exec "$@"' -- "$RUN_AS" sh "$@"
  fi
}

sd_cli() {
  as_user ${shellCommand(cliCommand(program), 'an init script')} "$@"
}

start() {
  if [ ! -d "$SD_RUN_DIR" ] && [ "$(id -u)" = 0 ]; then
    install -d -m 0700 -o "$RUN_AS" "$SD_RUN_DIR" || return 1
  fi
  as_user ${shellCommand(startCommand(program), 'an init script')}
}

stop() {
  sd_cli stop "$NAME" --timeout ${secondsToStop(program)} --force
}

[ -x "$NODE" ] || { say "there is no $NODE"; exit 5; }
[ -r "$FILE" ] || { say "there is no $FILE"; exit 5; }
cd "$DIRECTORY" || exit 5

case "$1" in
  start)
    start
    ;;
  stop)
    stop
    ;;
  restart)
    stop && start
    ;;
  reload|force-reload)
    # In place: the same process, with new code.
    sd_cli restart "$NAME"
    ;;
  try-restart)
    sd_cli status "$NAME" >/dev/null 2>&1 || exit 0
    stop && start
    ;;
  status)
    sd_cli status "$NAME"
    ;;
  *)
    echo "Usage: $0 {start|stop|restart|try-restart|reload|force-reload|status}" >&2
    exit 2
    ;;
esac
`
}
