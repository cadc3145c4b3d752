import { readFirstFrame } from '../channel/first-frame.ts'
import { closeLeakedDescriptors } from '../inherited-descriptors.ts'
import { type Attachment, Attachments } from './attachments.ts'
import { startGuardThread } from './guard-thread.ts'
import { keepCompiledCode } from './keep-compiled-code.ts'
import { killOwnGroup } from './kill-own-group.ts'
import { FD_FROM_PARENT, FD_GUARD, takeTicket } from './launch-ticket.ts'
import { ParentConnection } from './parent-connection.ts'
import type { ParentLink } from './parent-link.ts'

/** How a child is connected to its parent. */
export interface ConnectOptions {
  /**
   * Whether its own code is to begin as soon as possible, some milliseconds earlier: for a child that does one thing.
   * Its messages are written synchronously, so that a parent that does not take them holds this process up, as with
   * what it prints, instead of having them pile up in its memory. What the parent says is heard from
   * {@link ParentLink.listen} on. @default false
   */
  lean?: boolean
}

/**
 * Connects a child process to the manager that started it. Call it once, first thing in the entry: until then
 * the child is not protected against the death of its parent. Afterwards
 *
 * - `process.argv` is `[node, entry, ...args]`, and `ps` shows the child's title;
 * - SIGINT is ignored and SIGTERM means drain; SIGUSR1 stays with Node's inspector;
 * - the process runs until the parent drains it, or {@link ParentLink.exit} is called;
 * - when the parent is gone, this process and its group are killed.
 *
 * @param options - how it is to be connected.
 * @throws Error with code `SD_PROCESS_NO_PARENT` in a process that no manager started, or when called again.
 * @example
 * ```ts
 * const parent = connectToParent()
 * parent.onMessage((n) => parent.send((n as number) * 2))
 * parent.ready()
 * ```
 */
export function connectToParent({ lean = false }: ConnectOptions = {}): ParentLink {
  const ticket = takeTicket(process.argv)
  if (!ticket) {
    const message =
      'This process was not started by a process manager of Simple Daemon, or is connected already: start it with processManager(host).spawn().'
    throw Object.assign(new Error(message), { code: 'SD_PROCESS_NO_PARENT' })
  }
  // The parent may have died before this process could notice: then it has another parent now.
  if (process.ppid !== ticket.ppid) killOwnGroup()
  if (ticket.leaked) closeLeakedDescriptors(ticket.leaked)
  process.title = ticket.title
  if (ticket.cached) delete process.env.NODE_COMPILE_CACHE
  keepCompiledCode()
  if (ticket.guard) startGuardThread(FD_GUARD)
  process.on('SIGINT', () => {})
  const attachments = new Attachments()
  let first = readFirstFrame(FD_FROM_PARENT)
  for (; first?.kind === 'attach'; first = readFirstFrame(FD_FROM_PARENT)) {
    attachments.add(first.message as Attachment)
  }
  if (!first) killOwnGroup()
  return new ParentConnection(first?.message, ticket.shared, lean, attachments)
}
