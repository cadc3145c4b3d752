// The other end of the bare `child_process.fork` that `bench.ts` compares with.
process.on('message', (message) => process.send!(message))
