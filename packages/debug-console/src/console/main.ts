/** Where the console of a daemon on its own terminal begins: a process, so that it works while the daemon is paused. */
import { attachConsole } from './attach-console.ts'

// The terminal tells the whole group of these; what they mean is said at the prompt, or by the daemon.
for (const signal of ['SIGINT', 'SIGQUIT', 'SIGTSTP'] as const) process.on(signal, () => {})

const { why, message } = await attachConsole(process.argv[2] ?? '')
if (why !== 'ended') console.error(message)
process.exit(why === 'ended' ? 0 : 1)
