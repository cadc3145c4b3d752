import type { Update } from '../api/results.ts'

/** How a request has ended, as the service sees it. `abandoned`: the client has closed the connection. */
export type Ending =
  | 'updates'
  | 'unchanged'
  | 'unauthorized'
  | 'http'
  | 'connection'
  | 'malformed'
  | 'silent'
  | 'abandoned'

/** A request that the service has had. */
export interface RequestRecord {
  /** The cursor that the client has sent. */
  readonly since: number
  /** The cursor in the answer; of an answer with updates only. */
  cursor?: number
  /** Undefined as long as it waits. */
  ending?: Ending
}

/** All that a service has done. */
export interface Ledger {
  readonly updates: Update[]
  readonly requests: RequestRecord[]
}
