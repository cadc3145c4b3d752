/** What Jest's configuration has of interest here. */
interface RunConfig {
  readonly testPathPatterns: { readonly patterns: readonly string[] }
  readonly testNamePattern?: string
}

/** What Jest's results have of interest here. */
interface RunResults {
  readonly numFailedTests: number
  readonly numRuntimeErrorTestSuites: number
}

const AFTER_SUCCESS = `
Next:  npm run check    types, lint, documentation and packages, 1 minute
       npm run soak     the long tests at a larger size
Read:  docs/guide to write a daemon, docs/internals.md and CONTRIBUTING.md to change this code.`

const AFTER_FAILURE = `
Next:  npm test -- packages/ini/test/ini.test.ts    runs one file again
Read:  CONTRIBUTING.md says what the tests need.`

/** A reporter for Jest that says what comes next, after a run of all tests. */
export default class NextStepsReporter {
  readonly #isWhole: boolean

  constructor({ testPathPatterns, testNamePattern }: RunConfig) {
    this.#isWhole = testPathPatterns.patterns.length === 0 && !testNamePattern
  }

  onRunComplete(_contexts: unknown, { numFailedTests, numRuntimeErrorTestSuites }: RunResults): void {
    if (!this.#isWhole) return
    const text = numFailedTests + numRuntimeErrorTestSuites === 0 ? AFTER_SUCCESS : AFTER_FAILURE
    // Jest's own summary comes after this.
    process.once('exit', () => console.error(text))
  }
}
