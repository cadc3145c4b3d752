/** Variables with which somebody has decided on the cache, or which do not go with it. */
const DECIDED = ['NODE_COMPILE_CACHE', 'NODE_DISABLE_COMPILE_CACHE', 'NODE_V8_COVERAGE']

/**
 * The environment of a child: the daemon's, what its spec adds, and where Node keeps compiled code, which
 * saves the child from compiling its modules, and from stripping their types, at each start.
 *
 * @param cache - the directory; without one nothing is kept.
 */
export function childEnvironment(
  daemon: NodeJS.ProcessEnv,
  more: NodeJS.ProcessEnv,
  cache: string | undefined,
): { env: NodeJS.ProcessEnv; cached: boolean } {
  const env = { ...daemon, ...more }
  const cached = cache !== undefined && DECIDED.every((name) => env[name] === undefined)
  return { env: cached ? { ...env, NODE_COMPILE_CACHE: cache } : env, cached }
}
