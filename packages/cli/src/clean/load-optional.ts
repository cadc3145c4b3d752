/**
 * Loads a package that need not be there.
 *
 * @returns undefined when it is not installed.
 */
export async function loadOptional<Module>(load: () => Promise<Module>): Promise<Module | undefined> {
  try {
    return await load()
  } catch (error) {
    // Its own dependencies are another matter; but the code is the same, and they come with it.
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  }
}
