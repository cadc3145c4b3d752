import { packageBuild } from '../../scripts/package-build.ts'

export default packageBuild({
  index: 'src/index.ts',
  // Imported by a debugger's thread.
  hold: 'src/hold.ts',
})
