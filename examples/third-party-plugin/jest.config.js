/** Node strips the types, so that jest runs TypeScript as it is. */
export default {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {},
  extensionsToTreatAsEsm: ['.ts'],
  testTimeout: 30_000,
}
