/** The packages that know what is theirs. Who has no daemon that uses them need not have them. */
export interface OptionalPackages {
  readonly locks: typeof import('@sd/lock-file') | undefined
  readonly shm: typeof import('@sd/shm') | undefined
}

/**
 * Loads those that are installed. To be called before anything is looked at: right after `lstatSync` of a socket, Node 24.18
 * imports a package by the path of the link to it, not by its own.
 */
export async function loadOptionalPackages(): Promise<OptionalPackages> {
  const [locks, shm] = await Promise.all([
    loadOptional(() => import('@sd/lock-file')),
    loadOptional(() => import('@sd/shm')),
  ])
  return { locks, shm }
}

async function loadOptional<Module>(load: () => Promise<Module>): Promise<Module | undefined> {
  try {
    return await load()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  }
}
