/**
 * Starts a thread that kills this process and its group when the pipe `fd` closes, because its other end was
 * the parent's. It works while the main thread is in an endless loop, and does not keep the process running.
 * Once it watches, it says so with one byte, since the main thread may not be able to.
 * For systems without a parent-death signal; costs about 10 MB and 50 ms of another core.
 */
export function startGuardThread(fd: number): void {
  // Loaded only here: most children need none, and it takes more than a millisecond.
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  // The thread's program is a function's own text, so that it needs no file beside a bundle.
  const worker = new Worker(`(${watchPipe})(${fd})`, { eval: true, execArgv: [], name: 'sd parent guard' })
  worker.unref()
}

/** Runs in the thread, with nothing from around it. */
function watchPipe(fd: number): void {
  const { Socket } = process.getBuiltinModule('node:net')
  const end = (): void => {
    try {
      process.kill(-process.pid, 'SIGKILL')
    } catch {
      process.kill(process.pid, 'SIGKILL')
    }
  }
  const pipe = new Socket({ fd, readable: true, writable: true })
  pipe.on('error', () => {})
  pipe.on('close', end)
  pipe.resume()
  pipe.write('!')
}
