import { expect, test } from '@jest/globals'
import { inheritableExecArgv } from '../src/inheritable-exec-argv.ts'

test.each([
  [
    ['-C', '@sd/source', '--enable-source-maps'],
    ['-C', '@sd/source', '--enable-source-maps'],
  ],
  [
    ['--inspect=127.0.0.1:0', '--import', './x.ts', '--inspect-brk'],
    ['--import', './x.ts'],
  ],
  [['--inspect-port', '0', '--no-warnings'], ['--no-warnings']],
  [['-e', 'process.exit()', '--no-warnings'], ['--no-warnings']],
  [['--input-type=module', '--eval', '1'], []],
  [['-p', '1 + 1'], []],
  [['--eval=1'], []],
])('of %j a child gets %j', (given, inherited) => {
  expect(inheritableExecArgv(given)).toEqual(inherited)
})
