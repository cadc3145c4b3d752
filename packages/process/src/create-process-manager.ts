import type { Deadline, Json, PluginHost } from '@sd/core'
import { toError } from '@sd/core'
import { AttachmentList } from './attachment-list.ts'
import type { Child } from './child.ts'
import { churnError, closedError } from './child-errors.ts'
import { ChildGroup } from './child-group.ts'
import type { ChildSpec } from './child-spec.ts'
import { Launcher, type LauncherSeams } from './launcher.ts'
import { type ChildEnd, type ChildSurroundings, ManagedChild } from './managed-child.ts'
import { type ResolvedChildSpec, resolveChildSpec } from './options.ts'
import type { ProcessManager } from './process-manager.ts'
import { refuseChild } from './refused-child.ts'
import { isStarved } from './starvation.ts'

/** Milliseconds in which a child's inspector is open, on a very busy machine: a person waits for it, and nothing else. */
const INSPECTOR_TIME = 10_000

/** What tests set. */
export interface ManagerSeams extends LauncherSeams {
  /** From 0 to below 1. @default Math.random */
  random?: () => number
}

/** Makes a manager; `processManager` hands out one per daemon. */
export function createProcessManager(host: PluginHost, seams: ManagerSeams = {}): ProcessManager {
  const groups = new Map<string, ChildGroup>()
  /** Those of which something is still to come, be it only the rest of their output. */
  const unfinished = new Set<ManagedChild>()
  const attached = new AttachmentList()
  const totals = { spawned: 0, exited: 0 }
  let lastId = 0
  let closed = false
  let closing: Promise<void> | undefined

  const launcher = new Launcher(host.name, seams)
  const surroundings: ChildSurroundings = {
    host,
    launcher,
    attachments: () => attached.all(),
    onStarted,
    onAssigned(child, name) {
      groupOf(child.group).freeSlot(child.index)
      return groupOf(name).takeSlot()
    },
    onAnnounced: announce,
    onProved: (child) => groupOf(child.group).countSuccess(child.spawnedAt),
    onDead: (child) => groupOf(child.group).freeSlot(child.index),
    onEnd,
  }

  function groupOf(name: string): ChildGroup {
    let group = groups.get(name)
    if (!group) {
      group = new ChildGroup(host.clock, seams.random ?? Math.random)
      if (closed) group.close()
      groups.set(name, group)
    }
    return group
  }

  function start(spec: ResolvedChildSpec): Child {
    const id = ++lastId
    const group = groupOf(spec.group)
    if (group.closed) return refuseChild(id, spec.group, host.clock, closedError(spec.group))
    const index = group.takeSlot()
    const child = create(spec, id, index, group)
    unfinished.add(child)
    if (child.pid !== undefined) onStarted(child)
    try {
      spec.onChild?.(child)
    } catch (error) {
      host.error(toError(error), spec.group)
    }
    return child
  }

  function create(spec: ResolvedChildSpec, id: number, index: number, group: ChildGroup): ManagedChild {
    try {
      return new ManagedChild(surroundings, spec, id, index)
    } catch (error) {
      group.freeSlot(index)
      throw error
    }
  }

  function onStarted(child: ManagedChild): void {
    totals.spawned++
    if (!child.reserved) announce(child)
  }

  function announce({ pid, group, index }: ManagedChild): void {
    host.dispatch('fork', { pid: pid!, group, index })
  }

  function onEnd(child: ManagedChild, { exit, diedYoung, wantsSuccessor }: ChildEnd): void {
    const { pid, group: name, index, spec } = child
    const group = groupOf(name)
    unfinished.delete(child)
    if (pid !== undefined) {
      totals.exited++
      if (!child.reserved)
        host.dispatch('reap', { pid, group: name, index, code: exit.code, signal: exit.signal })
    }
    if (diedYoung && !group.closed && group.countYoungDeath(isStarved(exit)))
      host.fatalError(churnError(name, exit), name)
    if (wantsSuccessor) startSuccessor(spec).catch((error) => host.error(toError(error), name))
  }

  async function startSuccessor(spec: ResolvedChildSpec): Promise<void> {
    const group = groupOf(spec.group)
    await group.whenAllowed()
    if (!group.closed) start(spec)
  }

  function members(name?: string): ManagedChild[] {
    return [...unfinished].filter((child) => name === undefined || child.group === name)
  }

  /** Nothing of these groups is spawned from now on. */
  function shut(name?: string): void {
    if (name !== undefined) {
      groupOf(name).close()
      return
    }
    closed = true
    for (const group of groups.values()) group.close()
  }

  async function drain(deadline: Deadline, name?: string): Promise<void> {
    shut(name)
    await Promise.all(members(name).map((child) => child.drain(deadline)))
  }

  async function killAll(): Promise<void> {
    shut()
    await Promise.all(members().map((child) => child.kill()))
    await launcher.close()
  }

  function close(): Promise<void> {
    closing ??= killAll()
    return closing
  }

  function find(pid: number): ManagedChild | undefined {
    return members().find((child) => child.pid === pid && child.state !== 'exited')
  }

  function attach(module: string, data: Json): () => void {
    const { attachment, isNew } = attached.add(module, data)
    if (isNew) for (const child of members()) child.attach(attachment)
    let ended = false
    return () => {
      if (ended) return
      ended = true
      if (attached.remove(attachment)) for (const child of members()) child.detach(attachment.id)
    }
  }

  function inspect(): Json {
    const inspectGroup = ([name, group]: [string, ChildGroup]): [string, Json] => [
      name,
      {
        children: members(name).map(({ id, index, pid = null, state, uptime, buffered }) => ({
          id,
          index,
          pid,
          state,
          uptime: Math.round(uptime),
          buffered,
        })),
        churn: { score: Math.round(group.score * 100) / 100, delay: Math.ceil(group.delay) },
      },
    ]
    const { spawnerPid } = launcher
    return {
      groups: Object.fromEntries([...groups].map(inspectGroup)),
      ...totals,
      ...(spawnerPid !== undefined && { spawner: spawnerPid }),
    }
  }

  return {
    spawn: (spec: ChildSpec) => start(resolveChildSpec(spec)),
    children: (name) => members(name).filter((child) => child.state !== 'exited'),
    spawnDelay: (name) => groupOf(name).delay,
    whenSpawnAllowed: (name) => groupOf(name).whenAllowed(),
    drain,
    close,
    freeze: (pid, since) => find(pid)?.clock.freeze(since),
    thaw: (pid, at) => find(pid)?.clock.thaw(at),
    attach,
    openInspector: async (pid) => find(pid)?.openInspector(INSPECTOR_TIME),
    get spawner() {
      return launcher.spawnerPid
    },
    inspect,
  }
}
