/** Whether the system answered with this code. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException | undefined)?.code ?? '')
}

/** Waits for an operation whose failure with one of these codes is as good as done. */
export async function ignoring<Result>(
  codes: readonly string[],
  operation: Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await operation
  } catch (error) {
    if (hasCode(error, ...codes)) return undefined
    throw error
  }
}
