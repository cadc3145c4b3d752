import { createHash } from 'node:crypto'
import { defineWorker } from '@sd/workers/define'

/** The hash of a text, in hexadecimal. */
export const hash = defineWorker(import.meta.url, (algorithm: string, text: string): string =>
  createHash(algorithm).update(text).digest('hex'),
)
