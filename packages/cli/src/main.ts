#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { findCompileCache } from '@sd/process/compile-cache'

// What follows, a daemon's file included, is found compiled from the second time on: half of the time of a start.
const cache = findCompileCache()
if (cache !== undefined) enableCompileCache(cache)

const words = process.argv.slice(2)
const isDone = words[0] === 'run' && (await runQuickly(words.slice(1)))
if (!isDone) await (await import('./command-line.ts')).runCommandLine(words)

/** It is built by itself, so that it is one file: a name that the build does not follow. */
async function runQuickly(given: readonly string[]): Promise<boolean> {
  const file = import.meta.url.endsWith('.ts') ? './quick-run.ts' : './quick-run.js'
  const quick = (await import(file)) as typeof import('./quick-run.ts')
  return quick.runQuickly(given)
}
