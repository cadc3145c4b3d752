import { packageBuild } from '../../scripts/package-build.ts'

export default packageBuild(
  {
    index: 'src/index.ts',
    // On its own: it starts processes where the system has no /proc, and worker processes must not load that.
    'process-identity': 'src/process-identity.ts',
    // On its own: it loads what belongs to the network.
    'unix-socket': 'src/unix-socket/index.ts',
    directory: 'src/directory/index.ts',
    'own-place': 'src/own-place.ts',
    'own-entry': 'src/own-entry.ts',
    // On its own: consoles need nothing else of this package.
    'escape-text': 'src/escape-text.ts',
    'inspector-flags': 'src/inspector-flags.ts',
  },
  // Mitt comes along: looking its package up would take longer than all that is in it.
  { noExternal: ['mitt'] },
)
