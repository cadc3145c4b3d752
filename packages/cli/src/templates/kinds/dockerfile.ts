import { join, relative } from 'node:path'
import { SdError } from '@sd/core'
import { refuseControlCharacters } from '../quoting/refuse-text.ts'
import { type Project, type ServiceProgram, secondsToStop } from '../service-program.ts'
import type { ServiceTemplate } from '../service-template.ts'

/** An image with the project in it. */
export const dockerfile: ServiceTemplate = {
  name: 'dockerfile',
  aliases: ['docker', 'container', 'podman', 'image'],
  title: 'A Dockerfile for the project of the daemon',
  installs: 'files',
  platforms: ['linux', 'darwin', 'freebsd', 'win32'],
  needsRoot: false,
  render(program) {
    const { name, project } = program
    const run = `docker run -d --init --restart on-failure --stop-timeout ${secondsToStop(program)} --name ${name} ${name}`
    return {
      files: [
        { path: join(project.directory, 'Dockerfile'), content: renderDockerfile(program, run) },
        { path: join(project.directory, '.dockerignore'), content: IGNORED, keepsPresent: true },
      ],
      next: [
        [`docker build -t ${name} .`, 'makes the image'],
        [run, 'starts it'],
        [`docker exec ${name} npx sd-cli status ${name}`, 'asks the daemon'],
        [`docker kill -s HUP ${name}`, 'restarts it in place'],
        [`docker stop ${name}`, 'ends it when it has finished what it does'],
      ],
    }
  },
}

const IGNORED = `node_modules
.git
.env
*.log
logs
Dockerfile
.dockerignore
`

/** Where npm puts it in the project's own packages. */
const CLI = 'node_modules/@sd/cli/dist/main.js'

function renderDockerfile(program: ServiceProgram, run: string): string {
  const { project, file, name, runsItself, args } = program
  const inside = relative(project.directory, file)
  if (inside.startsWith('..')) {
    const message = `${file} is not in ${project.directory}: an image is made of one directory. Put a package.json beside the daemon's file, or above it.`
    throw new SdError('SD_CLI_TEMPLATE', message, { file })
  }
  refuseControlCharacters(inside, 'a Dockerfile')
  const rest = runsItself || args.length === 0 ? args : ['--', ...args]
  const command = runsItself ? ['node', inside, ...rest] : ['node', CLI, 'run', inside, ...rest]
  return `# Made by: ${program.madeBy}
# Start it with: ${run}
# (--init: a process 1 that reaps what is left behind; without it the daemon is process 1, which works, too.)
FROM node:${process.versions.node.split('.')[0]}-slim

WORKDIR /app
${installLines(project).join('\n')}
COPY . .

ENV NODE_ENV=production
ENV SD_RUN_DIR=/run/sd
RUN install -d -o node -g node -m 0700 /run/sd && chown node:node /app
USER node

# Shell form would put a shell in between, which keeps the signal for itself.
STOPSIGNAL SIGTERM
# Healthy is what answers, and not what only runs: one that hangs, or fails again and again, is told by exit code 4.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ${JSON.stringify(['node', CLI, 'status', name])}
CMD ${JSON.stringify(command)}
`
}

function installLines({ lockFile }: Project): string[] {
  switch (lockFile) {
    case 'package-lock.json':
      return ['COPY package.json package-lock.json ./', 'RUN npm ci --omit=dev']
    case 'pnpm-lock.yaml':
      return [
        'COPY package.json pnpm-lock.yaml ./',
        'RUN npm install --global pnpm && pnpm install --frozen-lockfile --prod',
      ]
    case 'yarn.lock':
      return ['COPY package.json yarn.lock ./', 'RUN yarn install --frozen-lockfile --production']
    default:
      return ['COPY package.json ./', 'RUN npm install --omit=dev']
  }
}
