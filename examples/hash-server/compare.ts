/**
 * Measures the server plugin against the same commands on bare node:net, in turns: `node compare.ts [ROUNDS]
 * [REQUESTS]`. Each measurement has a server process of its own. Fails when the plugin reaches less than 0.85.
 */
import { makeRequests } from './client/requests.ts'
import { sendRequests } from './client/send-requests.ts'
import { startProgram } from './client/start-program.ts'

const LEAST = 0.85
const [rounds = 7, count = 40_000] = process.argv.slice(2).map(Number)
const requests = makeRequests(count)

for (const place of ['pool', 'daemon']) {
  const rates: Record<string, number[]> = { plugin: [], bare: [] }
  for (let round = 0; round < rounds; round++) {
    // Who begins takes turns, too.
    const kinds = round % 2 === 0 ? ['plugin', 'bare'] : ['bare', 'plugin']
    for (const kind of kinds) rates[kind]!.push(await measure(kind, place))
  }
  const [plugin, bare] = [median(rates.plugin!), median(rates.bare!)]
  const ratio = plugin / bare
  console.log(
    `computed by the ${place.padEnd(6)}  @sd/server ${Math.round(plugin)}/s  node:net ${Math.round(bare)}/s  ratio ${ratio.toFixed(2)}`,
  )
  if (ratio < LEAST) process.exitCode = 1
}

/** @returns requests a second. */
async function measure(kind: string, place: string): Promise<number> {
  const server = startProgram('compare/server-program.ts', [kind, place], () => {})
  const port = await server.port
  await sendRequests(port, requests.slice(0, count / 10), 50, 20)
  const { answered, problems, duration } = await sendRequests(port, requests, 50, 20)
  server.kill('SIGTERM')
  await server.ended
  if (answered < count || problems.length > 0)
    throw new Error(`${kind}, ${place}: ${problems[0] ?? answered}`)
  return (answered / duration) * 1000
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!
}
