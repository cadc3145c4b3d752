import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { defineTask } from '@sd/tasks/define'

/** Writes a report, page by page, in a directory of its own that is gone afterwards, whatever happens. */
export const report = defineTask(import.meta.url, {
  group: 'report',
  timeout: 30_000,
  directory: '',

  async setup() {
    this.directory = await mkdtemp(join(tmpdir(), 'sd-report-'))
  },

  async start(pages: number): Promise<{ pages: number; length: number }> {
    const file = join(this.directory, 'report.txt')
    for (let page = 1; page <= pages; page++) {
      await writeFile(file, `Page ${page} of ${pages}\n`, { flag: 'a' })
      this.progress({ page, pages })
      await wait(20)
    }
    return { pages, length: (await readFile(file, 'utf8')).length }
  },

  async teardown() {
    await rm(this.directory, { recursive: true, force: true })
  },
})
