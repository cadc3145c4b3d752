export { FakeClock } from './fake-clock.ts'
export { type Fixture, type FixtureExit, type FixtureOptions, runFixture } from './run-fixture.ts'
export { createSandbox, type Sandbox } from './sandbox.ts'
export { waitUntil } from './wait-until.ts'
