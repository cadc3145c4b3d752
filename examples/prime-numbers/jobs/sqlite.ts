import type * as Sqlite from 'node:sqlite'

/** Loads `node:sqlite` without the warning that it is experimental, which some versions of Node 22 and 24 give. */
export function loadSqlite(): typeof Sqlite {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
}
