import { readFileSync, type Stats } from 'node:fs'

/** Permission bits of the group and of all others to write. */
export const OTHERS_MAY_WRITE = 0o022

const [STICKY, GROUP_MAY_WRITE, ALL_MAY_WRITE] = [0o1000, 0o020, 0o002]

/** Users that a user namespace does not map all have this id. */
const OVERFLOW_USER = 65_534

/**
 * Whether a user id is that of root, or in a user namespace of a user outside of it: the root directory of a sandbox, for
 * instance, belongs to the root of the machine.
 */
export function isRoot(uid: number): boolean {
  if (uid !== OVERFLOW_USER) return uid === 0
  // user_namespaces(7): the first id inside, the first outside, how many. Without the file there are no namespaces.
  const map = readText('/proc/self/uid_map').trim()
  return map !== '' && !map.split('\n').some((line) => includes(line, uid))
}

function includes(line: string, uid: number): boolean {
  const [first = 0, , count = 0] = line.trim().split(/\s+/).map(Number)
  return uid >= first && uid < first + count
}

/**
 * Whether others than its owner can exchange what is in a directory. With the sticky bit they cannot. The group that many
 * systems give to each user, of the same name and with nobody else in it, is the owner.
 */
export function isWritableByOthers({ mode, uid, gid }: Stats): boolean {
  if (mode & STICKY) return false
  if (mode & ALL_MAY_WRITE) return true
  return (mode & GROUP_MAY_WRITE) !== 0 && !isPrivateGroup(gid, uid)
}

/**
 * Whether another user may have put a file where everybody can, to read what is written there: as `fs.protected_regular` of
 * Linux has it, which is not set everywhere.
 */
export function isPlanted(file: Stats, directory: Stats): boolean {
  if ((directory.mode & ALL_MAY_WRITE) === 0) return false
  return ![process.geteuid?.() ?? file.uid, directory.uid, 0].includes(file.uid)
}

function isPrivateGroup(gid: number, uid: number): boolean {
  // passwd(5) and group(5): name, password, id; the members are the group's fourth field.
  const user = findEntry('passwd', uid)?.[0]
  const [name, , , members = ''] = findEntry('group', gid) ?? []
  return (
    name !== undefined && name === user && members.split(',').every((each) => each === '' || each === user)
  )
}

function findEntry(database: 'passwd' | 'group', id: number): string[] | undefined {
  const known = readText(`/etc/${database}`)
  return selectEntry(known, id) ?? selectEntry(askSystem(database, id), id)
}

function selectEntry(text: string, id: number): string[] | undefined {
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .find((fields) => fields[2] === String(id))
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** Users of a directory service are in no file. Seldom asked, and so not imported. */
function askSystem(database: string, id: number): string {
  const { spawnSync } = process.getBuiltinModule('node:child_process')
  return spawnSync('getent', [database, String(id)], { encoding: 'utf8' }).stdout ?? ''
}
