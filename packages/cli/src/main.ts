#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { findCompileCache } from '@sd/process/compile-cache'

// What follows, a daemon's file included, is found compiled from the second time on: half of the time of a start.
const cache = findCompileCache()
if (cache !== undefined) enableCompileCache(cache)

const words = process.argv.slice(2)
const isDone = words[0] === 'run' && (await runQuickly(words.slice(1)))
if (!isDone) await runWholeCommandLine(words)

async function runQuickly(given: readonly string[]): Promise<boolean> {
  const quick = (await import(besideThis('quick-run'))) as typeof import('./quick-run.ts')
  return quick.runQuickly(given)
}

async function runWholeCommandLine(given: readonly string[]): Promise<void> {
  const whole = (await import(besideThis('command-line'))) as typeof import('./command-line.ts')
  await whole.runCommandLine(given)
}

/** Each is built by itself, so that a start loads as few files as possible: a name that the build does not follow. */
function besideThis(name: string): string {
  return `./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`
}
