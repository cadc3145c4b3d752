// What the start of a daemon is measured against.
import { writeSync } from 'node:fs'

writeSync(1, '.')
