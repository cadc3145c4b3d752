import type { Options } from 'tsup'
import { packageBuild } from '../../scripts/package-build.ts'

/** What comes along of core must throw the errors of the core that the daemon has: `instanceof` tells them. */
const errorsOfCore: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'errors-of-core',
  setup(build) {
    build.onResolve({ filter: /\/sd-error\.ts$/ }, () => ({ path: '@sd/core', external: true }))
  },
}

export default packageBuild(
  { main: 'src/main.ts', 'quick-run': 'src/quick-run.ts' },
  // All that `sd-cli run` needs in two files: to find and load twenty takes longer than a daemon takes to start.
  // Core itself is not in them, because the daemon has it, too.
  {
    noExternal: [
      '@sd/control',
      '@sd/process/compile-cache',
      /^@sd\/core\/(directory|unix-socket|process-identity|escape-text)$/,
    ],
    esbuildPlugins: [errorsOfCore],
    esbuildOptions(options) {
      options.conditions = ['@sd/source']
    },
    splitting: false,
    clean: false,
  },
)
