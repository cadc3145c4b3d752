/** Asks a hash server and checks every answer: `node client.ts PORT [REQUESTS] [CONNECTIONS]`. */
import { makeRequests } from './client/requests.ts'
import { sendRequests } from './client/send-requests.ts'

const [port = 7000, count = 10_000, connections = 50] = process.argv.slice(2).map(Number)
const { answered, problems, duration } = await sendRequests(port, makeRequests(count), connections, 20)
for (const problem of problems.slice(0, 20)) console.error(problem)
const rate = Math.round((answered / duration) * 1000)
console.log(
  `${answered} of ${count} requests answered over ${connections} connections, ${problems.length} wrong, ${rate} a second`,
)
process.exitCode = answered === count && problems.length === 0 ? 0 : 1
