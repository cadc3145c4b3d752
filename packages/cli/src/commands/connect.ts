import { type Command, defineCommand } from '../command.ts'

export const connect: Command = defineCommand({
  usage: 'connect <address>',
  summary: 'A line console to a socket server',
  examples: [
    ['connect localhost:8080', 'sends each line that is typed, shows what the server sends'],
    ["connect '[::1]:8443' --tls", 'over TLS'],
    ['connect /run/app.sock', 'to a unix socket'],
    ["connect :8080 <<< 'stats'", 'sends what stdin says, prints the answer'],
  ],
  parameters: {
    address: {
      type: 'string',
      demandOption: true,
      describe: 'HOST:PORT, [IPV6]:PORT, :PORT, or the path of a socket',
    },
  },
  options: {
    tls: { type: 'boolean', default: false, describe: 'Use TLS' },
    ca: { type: 'string', requiresArg: true, describe: 'With --tls: a file with certificates to be trusted' },
    insecure: {
      type: 'boolean',
      default: false,
      describe: "With --tls: do not check the server's certificate",
    },
    crlf: { type: 'boolean', default: false, describe: 'End lines with CR LF, as HTTP and SMTP want it' },
    timeout: { type: 'number', default: 10, requiresArg: true, describe: 'Seconds that connecting may take' },
  },
  load: async () => (await import('../connect/connect-console.ts')).openConnectConsole,
})
