import { packageBuild } from '../../scripts/package-build.ts'

/**
 * What a task process starts with: one file each, with what they need of the other packages in it, because
 * every module that has to be found and loaded counts there.
 */
const forTaskProcesses = packageBuild(
  { main: 'src/child/main.ts', define: 'src/define.ts' },
  {
    outDir: 'dist/child',
    noExternal: [/^@sd\//],
    splitting: false,
    // From the sources of the packages, so that only what is used comes along.
    esbuildOptions: (options) => {
      options.conditions = ['@sd/source']
    },
  },
)

// Both are built at the same time: neither may clean the other's output.
const forEverybody = packageBuild(
  { index: 'src/index.ts' },
  // A task's file may import this one: no module of its own for the little that it needs of the process library.
  { clean: ['!child/**'], noExternal: ['@sd/process/exchange'] },
)

export default [forEverybody, forTaskProcesses]
