import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// The processes that the tests start import TypeScript sources; kept compiled, they start three times as fast.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(
  new URL('./node_modules/.cache/node-compile', import.meta.url),
)

/** `npm run soak`: only the files that name this variable, which do more then. */
const soak = process.env.SD_SOAK === '1'

/** Jest loads the TypeScript sources as they are: Node strips the types. */
export default {
  testMatch: soak ? listSoakFiles() : ['<rootDir>/{packages,examples,scripts}/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  transform: {},
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironmentOptions: { customExportConditions: ['@sd/source', 'node', 'node-addons'] },
  globalSetup: '<rootDir>/packages/testing/src/global-setup.ts',
  testTimeout: 60_000,
  maxWorkers: 2,
  maxConcurrency: 4,
  reporters: ['default', '<rootDir>/scripts/next-steps-reporter.ts'],
}

/** @returns {string[]} */
function listSoakFiles() {
  return globSync('{packages,examples}/*/test/**/*.test.ts', { cwd: import.meta.dirname })
    .filter((file) => readFileSync(new URL(file, import.meta.url), 'utf8').includes('SD_SOAK'))
    .map((file) => `<rootDir>/${file}`)
}
