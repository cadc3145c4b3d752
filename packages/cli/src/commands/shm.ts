import { type Command, defineCommand } from '../command.ts'

export const shm: Command = defineCommand({
  usage: 'shm [segment] [command..]',
  summary: 'A console to look into shared memory: keys, values, and a log of changes',
  examples: [
    ['shm', 'lists the segments, and opens the console'],
    ['shm shop', 'opens the console with a segment: scan, show KEY, watch'],
    ['shm shop watch job.', 'prints what happens to keys that begin with "job."'],
    ['shm shop scan --json', 'prints a JSON document for each key'],
  ],
  details: 'It needs the package @sd/shm. It only reads: nothing is made or changed.',
  parameters: {
    segment: { type: 'string', describe: 'The name of a segment' },
    command: { type: 'string', array: true, describe: 'One command of the console, instead of the console' },
  },
  load: async () => (await import('../shm/shm-console.ts')).openShmConsole,
})
