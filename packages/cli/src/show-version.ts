import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Output } from './output/output.ts'
import { ownProgram } from './own-program.ts'

/** Tells which version of `sd-cli` this is. */
export function showVersion(out: Output): void {
  const file = join(dirname(ownProgram()), '..', 'package.json')
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }
  if (out.json) out.printJson({ version, node: process.version })
  else out.print(version)
}
