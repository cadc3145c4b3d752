/** Jest loads the TypeScript sources as they are: Node strips the types. */
export default {
  testMatch: ['<rootDir>/{packages,examples,scripts}/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  transform: {},
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironmentOptions: { customExportConditions: ['@sd/source', 'node', 'node-addons'] },
  testTimeout: 60_000,
  maxWorkers: 2,
}
