import { escapeForXml } from '../quoting/escape-for-xml.ts'
import {
  lastingRunDirectory,
  makeRunDirectory,
  runCommand,
  type ServiceProgram,
  secondsToStop,
} from '../service-program.ts'
import type { NextStep, ServiceTemplate } from '../service-template.ts'

/** What a property list holds here. */
type Value = string | number | boolean | readonly string[] | { readonly [key: string]: Value }

/** A daemon of the system, on macOS. */
export const launchdDaemon: ServiceTemplate = {
  name: 'launchd',
  aliases: ['launchdaemon', 'macos', 'launchctl', 'plist'],
  title: 'A daemon of the system, for launchd (macOS)',
  installs: 'files',
  platforms: ['darwin'],
  needsRoot: true,
  render(program) {
    const path = `/Library/LaunchDaemons/${labelOf(program)}.plist`
    const log = program.log ?? `/var/log/${program.name}.log`
    const content = renderJob(program, { UserName: program.user, GroupName: program.group }, log)
    const next = [
      ...makeRunDirectory(program),
      ...nextSteps('sudo launchctl', 'system', path, labelOf(program)),
    ]
    return { files: [{ path, content }], next }
  },
}

/** An agent of one user, on macOS. */
export const launchdAgent: ServiceTemplate = {
  name: 'launchd-user',
  aliases: ['launchagent'],
  title: 'An agent of your own, for launchd (macOS, no root needed)',
  installs: 'files',
  platforms: ['darwin'],
  needsRoot: false,
  render(program) {
    const home = program.home ?? program.workingDirectory
    const path = `${home}/Library/LaunchAgents/${labelOf(program)}.plist`
    const content = renderJob(program, {}, program.log ?? `${home}/Library/Logs/${program.name}.log`)
    return {
      files: [{ path, content }],
      next: nextSteps('launchctl', 'gui/$(id -u)', path, labelOf(program)),
    }
  },
}

function labelOf({ name }: ServiceProgram): string {
  return `simple-daemon.${name}`
}

function nextSteps(launchctl: string, domain: string, path: string, label: string): NextStep[] {
  return [
    [
      `${launchctl} bootstrap ${domain} '${path.replaceAll("'", `'\\''`)}'`,
      'starts it, now and from then on',
    ],
    [`${launchctl} print ${domain}/${label}`, 'shows how it is'],
    [`${launchctl} kill HUP ${domain}/${label}`, 'restarts it in place, with new code'],
    [`${launchctl} bootout ${domain}/${label}`, 'ends it for good'],
  ]
}

function renderJob(program: ServiceProgram, owner: Record<string, string>, log: string): string {
  const job = {
    Label: labelOf(program),
    ProgramArguments: runCommand(program),
    WorkingDirectory: program.workingDirectory,
    ...owner,
    EnvironmentVariables: {
      SD_RUN_DIR: lastingRunDirectory(program),
      ...(program.home !== undefined && { HOME: program.home }),
    },
    RunAtLoad: true,
    // After "sd-cli stop" it stays down; whatever else ends it, it is started anew.
    KeepAlive: { SuccessfulExit: false },
    ThrottleInterval: 10,
    // What it writes is for its user. A property list has no octal numbers.
    Umask: 0o077,
    ExitTimeOut: secondsToStop(program),
    StandardOutPath: log,
    StandardErrorPath: log,
  }
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
${formatValue(job, '')}
</plist>
`
}

function formatValue(value: Value, indent: string): string {
  const inner = `${indent}  `
  if (typeof value === 'string') return `${indent}<string>${escapeForXml(value)}</string>`
  if (typeof value === 'number') return `${indent}<integer>${value}</integer>`
  if (typeof value === 'boolean') return `${indent}<${value}/>`
  if (isList(value)) {
    return [`${indent}<array>`, ...value.map((item) => formatValue(item, inner)), `${indent}</array>`].join(
      '\n',
    )
  }
  const pairs = Object.entries(value).map(
    ([key, item]) => `${inner}<key>${escapeForXml(key)}</key>\n${formatValue(item, inner)}`,
  )
  return [`${indent}<dict>`, ...pairs, `${indent}</dict>`].join('\n')
}

function isList(value: Value): value is readonly string[] {
  return Array.isArray(value)
}
