// Started by startDaemon(): the daemon as it is, but it goes when the demo goes, even if that was killed.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.channel?.unref()

await import(process.argv[2]!)
