// Started by demo.ts: the daemon as it is, but it goes when the demo goes, even if that was killed.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.channel?.unref()

await import('../prime-numbers.ts')
