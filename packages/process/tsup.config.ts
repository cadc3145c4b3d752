import { packageBuild } from '../../scripts/package-build.ts'

export default packageBuild(
  {
    index: 'src/index.ts',
    // On its own: it is needed before anything else is loaded.
    'compile-cache': 'src/compile-cache.ts',
    // On its own: a daemon that was started detached needs nothing else.
    'inherited-descriptors': 'src/inherited-descriptors.ts',
    'child/index': 'src/child/index.ts',
    'exchange/index': 'src/exchange/index.ts',
    'spawner/main': 'src/spawner/main.ts',
  },
  // Execa comes along: to find and load its hundred files takes five times as long as to load it from one.
  { noExternal: ['execa'] },
)
