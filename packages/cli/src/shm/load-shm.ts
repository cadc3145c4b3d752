import { SdError } from '@sd/core'

/** The library of shared memory. */
export type Shm = typeof import('@sd/shm')

/**
 * Loads `@sd/shm`, which need not be installed: most daemons share no memory.
 *
 * @throws SdError `SD_CLI_SHM_MISSING`.
 */
export async function loadShm(load: () => Promise<Shm> = () => import('@sd/shm')): Promise<Shm> {
  try {
    return await load()
  } catch (cause) {
    const { code, message: why = '' } = cause as NodeJS.ErrnoException
    // Something that is missing further down is a damaged installation.
    if (code !== 'ERR_MODULE_NOT_FOUND' || !why.includes("'@sd/shm'")) throw cause
    const message =
      'Shared memory is read by the package @sd/shm, which is not installed where sd-cli is. Install it there: npm install @sd/shm (with -g, if sd-cli was installed with -g).'
    throw new SdError('SD_CLI_SHM_MISSING', message, { cause })
  }
}
