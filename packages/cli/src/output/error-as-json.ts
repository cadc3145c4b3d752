/** An error's code, message and facts, as JSON can carry them. */
export function errorAsJson(error: Error): Record<string, unknown> {
  const { name: _, stack: __, ...facts } = error as Error & Record<string, unknown>
  return { ...facts, code: facts.code ?? error.name, message: error.message }
}
