/** Gives an error that the daemon made the stack of whoever asked for the work: its own would tell them nothing. */
export function blameCaller(error: Error, caller: string): Error {
  return setStack(error, `${error.name}: ${error.message}\n${caller}`)
}

/** Puts the place in the daemon where work was asked for under a child's stack, so that it shows both sides. */
export function addCaller(error: Error, caller: string): Error {
  return setStack(error, `${error.stack}\n    -- called from the daemon --\n${caller}`)
}

function setStack(error: Error, stack: string): Error {
  // False for a frozen error, which then keeps the stack that it has.
  Reflect.defineProperty(error, 'stack', { value: stack, writable: true, configurable: true })
  return error
}
