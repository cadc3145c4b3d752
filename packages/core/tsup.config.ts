import { packageBuild } from '../../scripts/package-build.ts'

// Mitt comes along: looking its package up would take longer than all that is in it.
export default packageBuild({ index: 'src/index.ts' }, { noExternal: ['mitt'] })
