#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { findCompileCache } from '@sd/process/compile-cache'

// What follows, a daemon's file included, is found compiled from the second time on: half of the time of a start.
const cache = findCompileCache()
if (cache !== undefined) enableCompileCache(cache)

const words = process.argv.slice(2)
holdSignals()
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

/**
 * Until the daemon listens, signals that mean something to it must not do what Node does about them: USR1 opens the inspector, or
 * ends the process, as HUP does, with which nobody means to end one that has no terminal.
 */
function holdSignals(): void {
  if (words[0] !== 'run') return
  process.on('SIGUSR1', () => {})
  if (words.includes('--detached')) process.on('SIGHUP', () => {})
}

/** Each is built by itself, so that a start loads as few files as possible: a name that the build does not follow. */
function besideThis(name: string): string {
  return `./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`
}
