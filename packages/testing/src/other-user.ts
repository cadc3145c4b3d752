import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Sandbox } from './sandbox.ts'

/** What another user of the machine got out of a port. */
export interface PortProbe {
  readonly port: number
  /** The HTTP status of each page at which Node's inspector tells its address; empty where nobody answered. */
  readonly statuses: readonly number[]
  /** The addresses that were told. */
  readonly addresses: readonly string[]
  /** What code that was run through them has returned: the uid of the process. */
  readonly ran: readonly number[]
}

/** A user of the machine who is neither root nor the daemon's, and looks for inspectors. */
export interface OtherUser {
  /** Tries each TCP port on which a process of the sandbox listens at this moment. */
  probe(): Promise<PortProbe[]>
  leave(): Promise<void>
}

const UID = '54321'

/** Runs as the other user, where the test is root; else as the test's own, who is told no more over HTTP. */
const PROGRAM = `
const evaluate = (address) => new Promise((resolve) => {
  const socket = new WebSocket(address)
  const params = { expression: 'process.getuid()', returnByValue: true }
  socket.onopen = () => socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params }))
  socket.onmessage = ({ data }) => { const { id, result } = JSON.parse(data); if (id === 1) { socket.close(); resolve([result.result.value]) } }
  socket.onerror = () => resolve([])
  setTimeout(resolve, 2000, []).unref()
})
const probe = async (port) => {
  const found = { port, statuses: [], addresses: [], ran: [] }
  for (const path of ['/json/list', '/json', '/json/version']) {
    try {
      const answer = await fetch('http://127.0.0.1:' + port + path, { signal: AbortSignal.timeout(2000) })
      found.statuses.push(answer.status)
      found.addresses.push(...((await answer.text()).match(/ws:\\/\\/[^"\\s]+/g) ?? []))
    } catch {}
  }
  for (const address of found.addresses) found.ran.push(...(await evaluate(address)))
  return found
}
require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
  console.log(JSON.stringify(await Promise.all(JSON.parse(line).map(probe))))
})
console.log('[]')
`

/** Linux only. */
export async function beOtherUser(sandbox: Sandbox): Promise<OtherUser> {
  const prefix =
    process.getuid?.() === 0 ? ['setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups'] : []
  const [file, ...args] = [...prefix, process.execPath, '-e', PROGRAM]
  const child = spawn(file!, args, {
    cwd: '/',
    env: { PATH: process.env.PATH, ...sandbox.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await answers.next()
  return {
    async probe() {
      const ports = sandbox.processes().flatMap(({ pid }) => listeningPorts(pid))
      if (ports.length === 0) return []
      child.stdin.write(`${JSON.stringify(ports)}\n`)
      const { value } = await answers.next()
      return JSON.parse(value as string) as PortProbe[]
    },
    leave: () => end(child),
  }
}

async function end(child: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => child.once('close', resolve))
  child.stdin!.end()
  await exited
}

/** The TCP ports on which a process listens. Linux only. */
export function listeningPorts(pid: number): number[] {
  const sockets = socketsOf(pid)
  if (sockets.size === 0) return []
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .filter((table) => existsSync(table))
    .flatMap((table) => readFileSync(table, 'latin1').trim().split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === '0A' && sockets.has(inode!))
    .map(([, local]) => Number.parseInt(local!.slice(local!.lastIndexOf(':') + 1), 16))
}

/** The inodes of its sockets; none where it is gone. */
function socketsOf(pid: number): Set<string> {
  try {
    const inodes = readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? ''
      } catch {
        return ''
      }
    })
    return new Set(inodes.filter((inode) => inode !== ''))
  } catch {
    return new Set()
  }
}
