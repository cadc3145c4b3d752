#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { findCompileCache } from '@sd/process/compile-cache'

// What follows, a daemon's file included, is found compiled from the second time on: half of the time of a start.
const cache = findCompileCache()
if (cache !== undefined) enableCompileCache(cache)
const { runCommandLine } = await import('./command-line.ts')
await runCommandLine(process.argv.slice(2))
