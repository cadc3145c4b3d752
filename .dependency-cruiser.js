/**
 * Imports go down only: plugins, then libraries, then core. Plugins meet through the event bus and what they
 * share, never through an import.
 */
const LIBRARIES = 'process|lock|shm'
const NOT_PLUGINS = `core|cli|testing|bench|lock-conformance|${LIBRARIES}`

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'core-imports-only-mitt',
      severity: 'error',
      from: { path: '^packages/core/src/' },
      to: { pathNot: ['^packages/core/src/', '/node_modules/mitt/'], dependencyTypesNot: ['core'] },
    },
    {
      name: 'libraries-import-only-core',
      severity: 'error',
      from: { path: `^packages/(${LIBRARIES})/src/` },
      to: { path: '^packages/', pathNot: '^packages/($1|core)/src/' },
    },
    {
      name: 'plugins-import-only-libraries-and-core',
      comment: 'Plugins never import each other.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/src/', pathNot: `^packages/(${NOT_PLUGINS})/` },
      to: { path: '^packages/', pathNot: `^packages/($1|core|${LIBRARIES})/src/` },
    },
    {
      name: 'nothing-imports-the-cli',
      severity: 'error',
      from: { path: '^packages/', pathNot: '^packages/cli/' },
      to: { path: '^packages/cli/' },
    },
    {
      name: 'only-tests-import-testing',
      severity: 'error',
      from: {
        path: '^(packages/[^/]+/src|examples)/',
        pathNot: '^packages/(testing|lock-conformance)/|^examples/[^/]+/test/',
      },
      to: { path: '^packages/(testing|lock-conformance)/' },
    },
    {
      name: 'sources-do-not-import-tests',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { path: '/test/' },
    },
    {
      name: 'packages-meet-by-name',
      comment: "One package's files are no other's business: import the package by its name.",
      severity: 'error',
      from: { path: '^((packages|examples)/[^/]+)/' },
      to: { path: '^(packages|examples)/', pathNot: '^$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that name only types of each other are no cycle when they run.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'declared-dependencies-only',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: '^packages/testing/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-development-dependencies-in-sources',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: '^packages/(testing|bench)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm-peer', 'type-only'] },
    },
    {
      name: 'everything-resolves',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // The consumer is a project of its own, which check-packed.ts installs.
    exclude: { path: '(^|/)dist/|^scripts/consumer/' },
    combinedDependencies: false,
    tsPreCompilationDeps: true,
    detectProcessBuiltinModuleCalls: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['@sd/source', 'node', 'import'] },
  },
}
