// The service alone, to play with: `node serve.ts`, and in another terminal `node poller.ts`. Ctrl-C stops it.
import { startStatsServer } from './server/stats-server.ts'

const [port = '8080', seed = String(Date.now())] = process.argv.slice(2)
const { STATS_PASSWORD: password } = process.env

const server = await startStatsServer({
  port: Number(port),
  seed: Number(seed),
  hold: 5000,
  pace: 4000,
  ...(password !== undefined && { password }),
  onRequest: ({ since, ending }) => console.log(`since ${since}: ${ending}`),
})
console.log(`The service listens at ${server.url}, with seed ${seed}.`)
process.once('SIGINT', () => server.close())
process.once('SIGTERM', () => server.close())
