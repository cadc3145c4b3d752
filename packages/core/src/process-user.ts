import { userInfo } from 'node:os'

/** Asked for once per user id: the system may have to ask another machine. */
let known: { readonly id: number | undefined; readonly name: string } | undefined

/** The name of the user that this process runs as; the id where the system has no name for it, as in many containers. */
export function processUser(): string {
  const id = process.geteuid?.()
  if (!known || known.id !== id) known = { id, name: findName(id) }
  return known.name
}

function findName(id: number | undefined): string {
  try {
    return userInfo().username
  } catch {
    return String(id ?? 'unknown')
  }
}
