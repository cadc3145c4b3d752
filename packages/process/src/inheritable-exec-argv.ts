/** Flags that belong to one process, not to its children. */
const OWN_FLAG =
  /^(--(no-)?inspect|--debug[-_]port|--(no-)?disable[-_]sigusr1|--eval|--print|--input-type|--interactive|--check|-pe?$|-e$|-i$|-c$)/

/** Of these, the ones whose value may be the next argument. */
const TAKES_VALUE =
  /^(--inspect[-_]port|--inspect[-_]publish[-_]uid|--debug[-_]port|--eval|--print|--input-type|-pe?|-e)$/

/**
 * The flags of Node that a child shall have, too: all but those of the inspector (its port is taken) and of
 * programs given on the command line.
 *
 * @param execArgv - `process.execArgv`
 */
export function inheritableExecArgv(execArgv: readonly string[]): string[] {
  const inherited: string[] = []
  for (let index = 0; index < execArgv.length; index++) {
    const flag = execArgv[index]!
    if (!OWN_FLAG.test(flag)) inherited.push(flag)
    else if (TAKES_VALUE.test(flag)) index++
  }
  return inherited
}
