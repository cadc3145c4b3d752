export { type Life, lifePath, listLives, readLife, removeLife } from './life-file.ts'
export { isCrash, type KeptLine, type LifeEnd, type LifeRecord, type Retry } from './life-record.ts'
export { recordFailedLoad, recordLife } from './life-recorder.ts'
