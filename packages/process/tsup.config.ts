import { packageBuild } from '../../scripts/package-build.ts'

export default packageBuild({ index: 'src/index.ts', 'child/index': 'src/child/index.ts' })
