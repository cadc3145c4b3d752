import { packageBuild } from '../../scripts/package-build.ts'

export default packageBuild(
  { 'quick-run': 'src/quick-run.ts' },
  // All that `sd-cli run` needs in one file: to find and load twenty takes longer than a daemon takes to start.
  // Core is not in it, because the daemon has it, too.
  { noExternal: ['@sd/control'], splitting: false, clean: false },
)
