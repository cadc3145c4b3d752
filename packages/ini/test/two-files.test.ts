import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { createDaemon } from '@sd/core'
import { ini } from '@sd/ini'

test('two files are read side by side, each under its name', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'sd-ini-'))
  const [first, second] = ['a.ini', 'b.ini'].map((name) => join(dir, name)) as [string, string]
  writeFileSync(first, '[db]\nuser = ann\n')
  writeFileSync(second, '[db]\nuser = bob\n')
  const logger = { debug() {}, info() {}, error() {}, fatal() {} }
  const daemon = createDaemon({ name: 'x', signals: false, logger })
    .use(ini({ file: first }))
    .use(ini({ file: second, requiredSections: ['db'] }), { as: 'credentials' })
  expect(() => daemon.credentials.db).toThrow(/^credentials\.db .*this\.daemon\('credentials'\)/)
  const users: unknown[] = []
  daemon.on('started', () => {
    users.push((daemon.ini.db as { user?: unknown }).user, daemon.credentials.db.user)
    void daemon.stop()
  })
  await daemon.run()
  expect(users).toEqual(['ann', 'bob'])
  rmSync(dir, { recursive: true })
})
