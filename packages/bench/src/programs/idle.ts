// A Node process that only waits: what a worker is measured against.
import { writeSync } from 'node:fs'
import { Socket } from 'node:net'

new Socket({ fd: 0 }).resume().on('close', () => process.exit())
writeSync(1, '.')
