import { packageBuild } from '../../scripts/package-build.ts'

export default packageBuild(
  { index: 'src/index.ts', 'command-line': 'src/command-line.ts' },
  // Bundled, yargs loads in a third of the time, and takes no place among the user's packages.
  { noExternal: ['yargs', '@sd/process/compile-cache'], splitting: true },
)
