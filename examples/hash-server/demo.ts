/** Starts the server, has a client check 10,000 answers over 50 connections, and stops it. */
import { startProgram } from './client/start-program.ts'

const print = (line: string): void => console.log(line)
const server = startProgram('hash-server.ts', [], print)
const port = await server.port
const client = startProgram('client.ts', [port, ...process.argv.slice(2)], print)
const clientCode = await client.ended
server.kill('SIGTERM')
const serverCode = await server.ended
if (clientCode === 0 && serverCode === 0)
  console.log('All answers were right, and the server has stopped in order.')
else console.error(`The demo has failed: exit code ${clientCode} of the client, ${serverCode} of the server.`)
process.exitCode = clientCode === 0 && serverCode === 0 ? 0 : 1
