import type { TlsOptions } from 'node:tls'
import { type Check, type Checks, must, resolveOptions, SdError } from '@sd/core'
import type { FramingFactory } from './framing/framing.ts'
import type { LengthWidth } from './framing/length-framing.ts'
import type { ConnectHandler, DisconnectHandler, ErrorHandler, MessageHandler } from './handlers.ts'
import type { ListenTarget } from './listen/listen-target.ts'

/** Settings of {@link server}. */
export interface ServerOptions<Name extends string = string, Data = Record<string, unknown>> {
  /** Where to listen: `{ port, host }`, `{ path }`, or `{ fd }` for a socket that was handed over. */
  listen: ListenTarget
  /** The service becomes `daemon.<name>`: two servers of one daemon need two names. @default 'server' */
  name?: Name
  /** How many clients may be connected; the next one is closed at once. @default 10000 */
  maxClients?: number
  /**
   * Milliseconds without a complete message from a client until it is closed; 0: none. Bytes of a message that
   * does not end do not count; time in which its commands run or its answers wait does not, either.
   * @default 300000 (5 minutes)
   */
  idleTimeout?: number
  /** Bytes that one message may have. @default 65536 */
  maxInput?: number
  /** Bytes that may wait for a client that does not read, when there is more for it. @default 1048576 (1 MiB) */
  maxOutput?: number
  /** Milliseconds in which a client that has output waiting must read some; 0: no limit. @default 30000 */
  writeTimeout?: number
  /** Messages of one client that run at the same time; answers stay in order. @default 1 */
  concurrency?: number
  /** What ends a message, with framing `'line'`. @default '\n', and '\r' before it belongs to it */
  delimiter?: string
  /**
   * What a message is. `'line'`: ends with `delimiter`; `{ lengthPrefix: 4 }`: follows its length, 1, 2 or 4
   * bytes in network byte order; `'raw'`: whatever arrives; or a function that makes a {@link Framing}.
   * @default 'line'
   */
  framing?: 'line' | 'raw' | { lengthPrefix: LengthWidth } | FramingFactory
  /** Speaks TLS: what `tls.createServer` takes, `{ key, cert }` at least. */
  tls?: TlsOptions
  /** Makes each client's `data`. @default () => ({}) */
  data?: () => Data
  /** Called when a client has connected; what it returns is sent as a greeting. */
  onConnect?: ConnectHandler<Data>
  /** Called once for each client that is gone, with the reason. */
  onDisconnect?: DisconnectHandler<Data>
  /** Called when a handler fails or input is wrong; what it returns is sent in place of the answer. */
  onError?: ErrorHandler<Data>
  /** Called with each message that no command matches. */
  onMessage?: MessageHandler<Data>
}

/** What holds where the user says nothing. */
export const serverDefaults = Object.freeze({
  name: 'server',
  maxClients: 10_000,
  idleTimeout: 300_000,
  maxInput: 64 * 1024,
  maxOutput: 1024 * 1024,
  writeTimeout: 30_000,
  concurrency: 1,
  delimiter: '\n',
  framing: 'line' as const,
})

/** Options with the defaults filled in. */
export type ResolvedServerOptions<Data> = Omit<ServerOptions<string, Data>, keyof typeof serverDefaults> &
  Required<Pick<ServerOptions<string, Data>, keyof typeof serverDefaults | 'data'>>

const mustBeFraming: Check = (value) => {
  if (value === 'line' || value === 'raw' || typeof value === 'function') return undefined
  const width = (value as { lengthPrefix?: unknown } | null)?.lengthPrefix
  return [1, 2, 4].includes(width as number)
    ? undefined
    : '"line", "raw", { lengthPrefix: 1, 2 or 4 }, or a function that makes a framing'
}

const mustBeListen: Check = (value) => {
  const target = typeof value === 'object' && value !== null ? value : {}
  const given = ['port', 'path', 'fd'].filter((name) => name in target)
  return given.length === 1 ? undefined : 'exactly one of { port, host }, { path } and { fd }'
}

const checks: Checks<ServerOptions> = {
  listen: mustBeListen,
  name: must.beText,
  maxClients: must.beInteger(1),
  idleTimeout: must.beNumber(0, Number.POSITIVE_INFINITY, 'milliseconds'),
  maxInput: must.beInteger(1, 2 ** 30),
  maxOutput: must.beInteger(0),
  writeTimeout: must.beNumber(0, 2 ** 31 - 1, 'milliseconds'),
  concurrency: must.beInteger(1, 100_000),
  delimiter: must.beText,
  framing: mustBeFraming,
  tls: (value) =>
    typeof value === 'object' && value !== null ? undefined : 'an object, as tls.createServer takes it',
  data: must.beFunction,
  onConnect: must.beFunction,
  onDisconnect: must.beFunction,
  onError: must.beFunction,
  onMessage: must.beFunction,
}

const listenChecks = {
  port: must.beInteger(0, 65_535),
  fd: must.beInteger(0, 65_535),
  host: must.beText,
  path: ((value) =>
    typeof value === 'string' && value !== '' && !value.includes('\0')
      ? undefined
      : 'the path of a socket, without a zero character') satisfies Check,
  mode: must.beInteger(0, 0o777),
  backlog: must.beInteger(1),
}

const CODE = 'SD_SERVER_OPTIONS'

/** @throws SdError `SD_SERVER_OPTIONS` naming the option, its value, and what to write instead. */
export function resolveServerOptions<Data>(given: ServerOptions<string, Data>): ResolvedServerOptions<Data> {
  const { listen: target } = (given ?? {}) as Partial<ServerOptions>
  // An unknown name says more than that none of the known ones is there.
  if (typeof target === 'object' && target !== null) {
    resolveOptions<object, object>('server.listen', CODE, target, {}, listenChecks)
  }
  const defaults = { ...serverDefaults, listen: undefined as never }
  const resolved = resolveOptions<ServerOptions, typeof defaults>(
    'server',
    CODE,
    given as unknown as ServerOptions,
    defaults,
    checks,
  )
  const { port, host, path, mode, backlog, fd } = listenChecks
  const { listen } = resolved
  const known = 'fd' in listen ? { fd } : 'path' in listen ? { path, mode, backlog } : { port, host, backlog }
  resolveOptions('server.listen', CODE, listen, {}, known as never)
  if (given.delimiter !== undefined && resolved.framing !== 'line') {
    const message = `server: option "delimiter" needs framing "line". Leave one of the two out.`
    throw new SdError(CODE, message, { option: 'delimiter' })
  }
  return { data: () => ({}), ...resolved } as unknown as ResolvedServerOptions<Data>
}
