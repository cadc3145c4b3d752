import { packageBuild } from '../../scripts/package-build.ts'

/** What runs in threads and processes of its own begins in a file of its own. */
export default packageBuild({
  index: 'src/index.ts',
  'hub/main': 'src/hub/main.ts',
  'standby/main': 'src/standby/main.ts',
  'agent/start': 'src/agent/start.ts',
  'agent/main': 'src/agent/main.ts',
  'console/main': 'src/console/main.ts',
  // Alone in a file: V8 passes over all that is ours but this.
  'target/stop-here': 'src/target/stop-here.ts',
})
