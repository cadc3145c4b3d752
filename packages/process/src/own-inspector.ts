import { readFile } from 'node:fs/promises'

/** How /proc/net/tcp names 127.0.0.1, in the order of bytes of this machine, and a socket that listens: see proc_net_tcp(5). */
const [LITTLE_ENDIAN, BIG_ENDIAN, LISTENS] = ['0100007F', '7F000001', '0A']

/**
 * Whether a process of this user listens at the address of an inspector. A child may print any text, also one that it was
 * given by a stranger, and that could name the port of another user.
 *
 * @param address - as Node prints it.
 * @returns true where the system does not tell.
 */
export async function isOwnInspector(address: string): Promise<boolean> {
  const uid = process.geteuid?.()
  const table =
    uid === undefined ? undefined : await readFile('/proc/net/tcp', 'latin1').catch(() => undefined)
  if (table === undefined) return true
  const port = Number(new URL(address).port).toString(16).toUpperCase().padStart(4, '0')
  const places = [`${LITTLE_ENDIAN}:${port}`, `${BIG_ENDIAN}:${port}`]
  return table.split('\n').some((line) => {
    const [, place = '', , state, , , , owner] = line.trim().split(/\s+/)
    return places.includes(place) && state === LISTENS && Number(owner) === uid
  })
}
