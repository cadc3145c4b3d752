import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Options } from 'tsup'

type EsbuildPlugin = NonNullable<Options['esbuildPlugins']>[number]

/** Where a package begins in the path of one of its files. */
const PACKAGE = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//

/**
 * Writes the licences of the packages that come along in a build beside it, as their licences ask for. A package
 * without one stops the build.
 */
export const bundledLicenses: EsbuildPlugin = {
  name: 'bundled-licenses',
  setup(build) {
    build.onEnd(({ metafile }) => {
      const inputs = Object.keys(metafile?.inputs ?? {})
      const directories = new Set(inputs.map((input) => PACKAGE.exec(resolve(input))?.[1]))
      directories.delete(undefined)
      if (directories.size === 0) return
      const texts = [...(directories as Set<string>)].map(readLicense).sort()
      const { outdir = 'dist' } = build.initialOptions
      mkdirSync(outdir, { recursive: true })
      writeFileSync(join(outdir, 'third-party-licenses.txt'), texts.join(`\n${'-'.repeat(80)}\n\n`))
    })
  },
}

function readLicense(directory: string): string {
  const { name, version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
    name: string
    version: string
  }
  const file = readdirSync(directory).find((each) => /^licen[cs]e/i.test(each))
  if (!file) throw new Error(`${name} ${version} has no licence, and cannot come along in a build.`)
  return `${name} ${version}\n\n${readFileSync(join(directory, file), 'utf8').trim()}\n`
}
