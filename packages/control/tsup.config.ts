import { packageBuild } from '../../scripts/package-build.ts'

export default packageBuild({
  index: 'src/index.ts',
  client: 'src/client/index.ts',
  life: 'src/life/index.ts',
})
