import { setImmediate, setTimeout } from 'node:timers/promises'

/** Looks at what is usually over in microseconds, one for each turn of the event loop, before they become rarer. */
const QUICK_LOOKS = 50

/** Between two looks for whether others have finished. @param look - how many there were. */
export async function retryDelay(look: number): Promise<void> {
  await (look < QUICK_LOOKS ? setImmediate() : setTimeout(1))
}
