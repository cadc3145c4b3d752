import type { MethodName } from './method-name.ts'
import { methodsByName } from './methods-by-name.ts'

/** The number of the call, and what it returned. */
export type ForkReply = [id: number, result: unknown]

type ForkCall = [id: number, method: MethodName, argument: never]

process.on('message', ([id, method, argument]: ForkCall) => {
  process.send!([id, methodsByName[method](argument)] satisfies ForkReply)
})
